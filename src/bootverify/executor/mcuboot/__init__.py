"""executor/mcuboot."""
