"""What telephone lines send and take, as pure parsers and builders: bytes in, words out, no I/O."""
