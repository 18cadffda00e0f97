"""Rules of what one synapse or one neuron can know."""
