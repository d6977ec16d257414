#pragma once
#include <stddef.h>

// A file of the page: its name, and its bytes.
struct page_file {
  const char *name;
  const char *bytes;
  size_t size;
};

// The files one after the other, from 0 on; NULL behind the last.
const struct page_file *page_file(size_t number);

// Gives the kernel what the allocator keeps for later.
void page_give_memory_back(void);
