"""From stored values to transitions: samples, evaluation by kind, silence, findings, closing."""
