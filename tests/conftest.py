"""What all tests share: hypothesis without deadlines, because machines are shared and noisy."""

from hypothesis import settings

settings.register_profile("fengtai", deadline=None)
settings.load_profile("fengtai")
