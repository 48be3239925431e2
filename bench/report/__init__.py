"""How measurements are kept and shown: targets, and the page docs/reference/performance.md."""
