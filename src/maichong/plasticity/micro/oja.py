"""Oja's rule: Hebb's with a decay that keeps the weights of a target at length 1.

    in every step:  w <- w + eta s_post (s_pre - s_post w)

The weights of a linear target turn into the first principal component of its inputs. Diverges where eta times the largest
eigenvalue of their covariance exceeds about 2.

Source: Oja 1982, doi:10.1007/BF00275687.

Not for several components: targets that see the same inputs all find the first one; see sanger in maichong.plasticity.layers.
"""

from maichong.spec import Param, rule


def on_step(w, s_pre, s_post, eta):
    return w + eta * s_post * (s_pre - s_post * w)


Oja = rule(
    "Oja",
    params=[Param("eta", 0.01, "", "learning rate")],
    on_step=on_step,
    bounds=(None, None),
    doc=__doc__,
)
