"""Made-up cases, one for each kind of mail, for ``skyground alerts test-mail``, the pictures of the docs and the tests."""

from alerts.mail.samples.kinds import DIGEST, KINDS, sample_digest, sample_mail

__all__ = ["DIGEST", "KINDS", "sample_digest", "sample_mail"]
