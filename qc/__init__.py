"""Quality control: checks of native and hourly values, hourly means, the gate. Pure except `qc.run` and the pages of `qc.gate`."""
