"""The hotline 民声热线: tickets from receipt to completion, their deadlines, what callers say of the result."""
