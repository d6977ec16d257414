#pragma once
#include <stddef.h>

// A lesson's file: its name, and its bytes.
struct lesson_file {
  const char *name;
  const char *bytes;
  size_t size;
};

// The files one after the other, from 0 on; NULL behind the last.
const struct lesson_file *lesson_file(size_t number);
