"""What all connectors share: how a source file reads, what a page is, where pages wait until they are loaded."""
