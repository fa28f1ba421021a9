"""Cases: which alerts are one event, what happened to it, and who must know. Pure; read and written by `alerts.run.case`.

`life` folds steps to a case, `alert` makes a case's alert of a transition, `group` joins alerts of one event, `inhibit` those of one
line or of the whole system, `verdict` chooses the audience, `steps` the steps of one case, `decide` those of a round, `news`
which steps a recipient is notified of.
"""
