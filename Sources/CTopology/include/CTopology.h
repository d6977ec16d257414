#pragma once
#include <stddef.h>

/// The lab's own services.yaml, not ended by a zero.
const void *topology_services(void);
size_t topology_services_length(void);
