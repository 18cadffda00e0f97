"""The report as a person meets it: in a browser, by mouse and by keyboard, on a phone, at night, on paper."""

from __future__ import annotations

import json
import shutil

import pytest

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
DRIVER = shutil.which("chromedriver")
webdriver = pytest.importorskip("selenium.webdriver", reason="selenium is not installed (extra: test)")
pytestmark = pytest.mark.skipif(
    not (BROWSER and DRIVER),
    reason="no chromium with chromedriver on the PATH (Debian: chromium chromium-driver)",
)

FLAGS = (
    "--headless=new --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync --disable-dev-shm-usage --window-size=1280,900"
)


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    from selenium.webdriver.chrome.service import Service

    options = webdriver.ChromeOptions()
    options.binary_location = BROWSER
    for flag in [*FLAGS.split(), f"--user-data-dir={tmp_path_factory.mktemp('profile')}"]:
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(executable_path=DRIVER))
    driver.set_page_load_timeout(30)
    driver.set_script_timeout(15)
    yield driver
    driver.quit()


@pytest.fixture
def opened(browser, page_file):
    """The report freshly opened at desktop width, in light."""
    browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "", "features": []})
    for kind in ("browser", "performance"):
        browser.get_log(kind)  # forget what was before
    browser.get(page_file.as_uri())
    return browser


def find(browser, selector):
    return browser.find_element("css selector", selector)


def test_it_opens_without_a_word_and_without_a_request(opened, page_file):
    assert opened.execute_script("return document.documentElement.dataset.ready") == "true"
    assert opened.get_log("browser") == []
    events = [json.loads(entry["message"])["message"] for entry in opened.get_log("performance")]
    asked = [e["params"]["request"]["url"] for e in events if e["method"] == "Network.requestWillBeSent"]
    assert [url for url in asked if not url.startswith("data:")] == [page_file.as_uri()]
    assert opened.execute_script("return window.hacked") is None
    assert "<script>" in opened.title  # shown, not run


def test_every_picture_is_there(opened):
    widths = opened.execute_script("return [...document.images].map(i => i.complete ? i.naturalWidth : 0)")
    assert len(widths) == 2
    assert min(widths) > 0
    inside = """
        const done = arguments[0];
        const load = source => new Promise(tell => {
            const image = new Image();
            image.onload = () => tell(image.naturalWidth);
            image.onerror = () => tell(0);
            image.src = source;
        });
        const sources = [...document.querySelectorAll("svg image")].map(i => i.getAttribute("href"));
        Promise.all(sources.map(load)).then(done);
    """
    bitmaps = opened.execute_async_script(inside)
    assert len(bitmaps) >= 2  # the fields and the confusion
    assert min(bitmaps) > 1
    sizes = opened.execute_script(
        "return [...document.querySelectorAll('.picture > *')].map(p => p.getBoundingClientRect())"
        ".map(r => [r.width, r.height])"
    )
    assert len(sizes) == 8
    assert min(min(size) for size in sizes) > 20


def test_all_spikes_reach_the_page(opened):
    count = "return document.querySelectorAll('#fig2 svg use').length"
    assert opened.execute_script(count) >= 2_500


def test_a_figure_is_enlarged_by_keyboard(opened):
    from selenium.webdriver.common.keys import Keys

    button = find(opened, "#fig3 .enlarge")
    before = find(opened, "#fig3 svg").size["width"]
    button.send_keys(Keys.ENTER)
    dialog = find(opened, "dialog")
    assert dialog.get_attribute("open") is not None
    assert find(opened, "dialog svg").size["width"] > 1.5 * before
    assert "Accuracy" in find(opened, "dialog .words").text
    opened.switch_to.active_element.send_keys(Keys.ESCAPE)
    opened.execute_async_script("requestAnimationFrame(() => setTimeout(arguments[0], 0))")
    assert dialog.get_attribute("open") is None
    assert find(opened, "#fig3 svg").size["width"] == before  # back in its place
    assert opened.switch_to.active_element == button


def test_a_figure_is_enlarged_by_mouse(opened):
    for selector in ("#fig1 .picture", "#fig7 .picture"):  # an SVG and a bitmap
        picture = find(opened, selector)
        opened.execute_script("arguments[0].scrollIntoView({block: 'center'})", picture)
        picture.click()
        assert find(opened, "dialog").get_attribute("open") is not None
        assert find(opened, "dialog .stage .picture").is_displayed()
        find(opened, "dialog .close").click()
        opened.execute_async_script("requestAnimationFrame(() => setTimeout(arguments[0], 0))")
        assert find(opened, "dialog").get_attribute("open") is None
        assert find(opened, selector).is_displayed()


def test_every_button_has_a_name(opened):
    names = [button.accessible_name for button in opened.find_elements("css selector", "figure button")]
    assert len(names) == 8
    assert all(name.startswith(f"Enlarge figure {k}: ") for k, name in enumerate(names, 1))
    svgs = opened.find_elements("css selector", ".picture > svg")
    assert [svg.accessible_name for svg in svgs][:2] == ["Receptive fields", "Spikes"]


def brightness(browser, selector, style):
    """Mean of red, green and blue (0 to 255) of a computed colour."""
    colour = browser.execute_script(
        "return getComputedStyle(document.querySelector(arguments[0]))[arguments[1]]", selector, style
    )
    return sum(int(part) for part in colour[colour.index("(") + 1 : -1].split(",")[:3]) / 3


@pytest.mark.parametrize(("theme", "dark"), [("light", False), ("dark", True)])
def test_page_and_drawings_follow_the_theme(opened, theme, dark):
    features = [{"name": "prefers-color-scheme", "value": theme}]
    opened.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
    assert (brightness(opened, "body", "backgroundColor") < 128) == dark
    assert (brightness(opened, "body", "color") > 128) == dark
    assert (brightness(opened, "#fig3 svg text", "fill") > 128) == dark
    assert brightness(opened, "#fig7 .paper", "backgroundColor") == 255


@pytest.mark.parametrize("width", [320, 390, 768, 1600])
def test_no_width_needs_sideways_scrolling(opened, width):
    metrics = {"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": width < 700}
    opened.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    assert opened.execute_script("return document.documentElement.scrollWidth") <= width
    assert find(opened, "#fig1 svg").size["width"] <= width


def test_on_paper_there_are_no_buttons_and_no_figure_is_missing(opened):
    find(opened, "#fig1 .enlarge").click()
    opened.execute_script("window.dispatchEvent(new Event('beforeprint'))")
    opened.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    assert not any(button.is_displayed() for button in opened.find_elements("css selector", "button"))
    pictures = opened.find_elements("css selector", "figure .picture > *")
    assert len(pictures) == 8
    assert all(picture.is_displayed() for picture in pictures)
