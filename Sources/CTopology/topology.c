#include "CTopology.h"

#pragma clang diagnostic ignored "-Wc23-extensions"  // #embed

static const unsigned char services[] = {
#embed "../../services.yaml"
};

const void *topology_services(void) { return services; }

size_t topology_services_length(void) { return sizeof services; }
