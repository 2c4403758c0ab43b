"""From labelled profiles to a version of the model: cleaning, balancing, the Keras network, evaluation, export."""
