"""Locks of other machines, run on this one by an emulator: Linux aarch64, Windows x86_64."""
