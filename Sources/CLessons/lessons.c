#include "CLessons.h"

#pragma clang diagnostic ignored "-Wc23-extensions"  // #embed

// Each file under lessons/ becomes a part of the executable. Their order is that of the list below.

static const unsigned char ceiling[] = {
#embed "lessons/ceiling.yaml"
};
static const unsigned char push_back[] = {
#embed "lessons/push-back.yaml"
};
static const unsigned char cascade_front[] = {
#embed "lessons/cascade-front.yaml"
};
static const unsigned char overflow[] = {
#embed "lessons/overflow.yaml"
};
static const unsigned char moved_overflow[] = {
#embed "lessons/moved-overflow.yaml"
};
static const unsigned char leaf_first[] = {
#embed "lessons/leaf-first.yaml"
};
static const unsigned char wrong_tier[] = {
#embed "lessons/wrong-tier.yaml"
};
static const unsigned char bulkhead[] = {
#embed "lessons/bulkhead.yaml"
};
static const unsigned char retry_storm[] = {
#embed "lessons/retry-storm.yaml"
};
static const unsigned char retry_layers[] = {
#embed "lessons/retry-layers.yaml"
};
static const unsigned char overload[] = {
#embed "lessons/overload.yaml"
};
static const unsigned char store_on_loop[] = {
#embed "lessons/store-on-loop.yaml"
};
static const unsigned char four_models[] = {
#embed "lessons/four-models.yaml"
};
static const unsigned char omission[] = {
#embed "lessons/omission.yaml"
};
static const unsigned char thread_memory[] = {
#embed "lessons/thread-memory.yaml"
};
static const unsigned char no_win[] = {
#embed "lessons/no-win.yaml"
};
static const unsigned char observer[] = {
#embed "lessons/observer.yaml"
};
static const unsigned char model_and_lab[] = {
#embed "lessons/model-and-lab.yaml"
};
static const unsigned char models_and_lab[] = {
#embed "lessons/models-and-lab.yaml"
};
static const unsigned char callback_hell[] = {
#embed "lessons/callback-hell.yaml"
};
static const unsigned char matrix[] = {
#embed "lessons/matrix.yaml"
};

#define ENTRY(name, bytes) {name, (const char *)bytes, sizeof bytes}

static const struct lesson_file files[] = {
    ENTRY("ceiling.yaml", ceiling),
    ENTRY("push-back.yaml", push_back),
    ENTRY("cascade-front.yaml", cascade_front),
    ENTRY("overflow.yaml", overflow),
    ENTRY("moved-overflow.yaml", moved_overflow),
    ENTRY("leaf-first.yaml", leaf_first),
    ENTRY("wrong-tier.yaml", wrong_tier),
    ENTRY("bulkhead.yaml", bulkhead),
    ENTRY("retry-storm.yaml", retry_storm),
    ENTRY("retry-layers.yaml", retry_layers),
    ENTRY("overload.yaml", overload),
    ENTRY("store-on-loop.yaml", store_on_loop),
    ENTRY("four-models.yaml", four_models),
    ENTRY("omission.yaml", omission),
    ENTRY("thread-memory.yaml", thread_memory),
    ENTRY("no-win.yaml", no_win),
    ENTRY("observer.yaml", observer),
    ENTRY("model-and-lab.yaml", model_and_lab),
    ENTRY("models-and-lab.yaml", models_and_lab),
    ENTRY("callback-hell.yaml", callback_hell),
    ENTRY("matrix.yaml", matrix),
};

const struct lesson_file *lesson_file(size_t number) {
  return number < sizeof files / sizeof *files ? &files[number] : NULL;
}
