"""Published methods 模型, as numerical code over arrays: no SQL, no store, no files.

A model is one file in ``clv/``, ``segments/``, … that ends with ``MODEL = Model(name, label, paper, columns, fit, parameters, outputs,
simulate)`` (``registry.Model`` says what each is). It is then found by ``registry.all_models()``, and ``tests/test_every_model.py`` holds it
to what every model must do: recover its parameters from its own simulation, not depend on the order of customers or the unit
of time and money, take weights as repetition, say the same twice, stay finite for extreme customers, refuse bad input with a next step.

``clv/``       bg_nbd, gamma_gamma, lifetime_value, backtest · history (events → summary), simulate (truth → events)
``segments/``  rfm, value_tiers
``newton``     the shared maximiser · ``inputs`` checks and refusals (``CannotFit``, ``Unfitted``)
"""
