"""The catalogue as a semantic model of Apache Ossie (core metadata specification 0.2.0.dev0, once Open Semantic Interchange), and back."""
