"""What each boot program does at each of its marks: one file a program.

A step is told as a list of `Outcome`s: under which condition it comes about, what it leaves in
memory, and what it leaves when power is cut before its end.
"""
