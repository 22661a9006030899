// REEL_API marks what the shared library exports; all else in it is hidden. What that is at present
// stands in tests/embed/exports.txt, and a test compares.
#pragma once

#define REEL_API __attribute__((visibility("default")))
