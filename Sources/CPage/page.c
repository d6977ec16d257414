#include "CPage.h"

#include <malloc.h>

#pragma clang diagnostic ignored "-Wc23-extensions"  // #embed

// Each file under files/ becomes a part of the executable, so that there is no folder of assets to find.

static const unsigned char page_html[] = {
#embed "files/page.html"
};
static const unsigned char style_css[] = {
#embed "files/style.css"
};
static const unsigned char app_js[] = {
#embed "files/app.js"
};
static const unsigned char area_js[] = {
#embed "files/area.js"
};
static const unsigned char axis_js[] = {
#embed "files/axis.js"
};
static const unsigned char banner_js[] = {
#embed "files/banner.js"
};
static const unsigned char bench_js[] = {
#embed "files/bench.js"
};
static const unsigned char card_js[] = {
#embed "files/card.js"
};
static const unsigned char cells_js[] = {
#embed "files/cells.js"
};
static const unsigned char chain_js[] = {
#embed "files/chain.js"
};
static const unsigned char code_js[] = {
#embed "files/code.js"
};
static const unsigned char commands_js[] = {
#embed "files/commands.js"
};
static const unsigned char controls_js[] = {
#embed "files/controls.js"
};
static const unsigned char details_js[] = {
#embed "files/details.js"
};
static const unsigned char dom_js[] = {
#embed "files/dom.js"
};
static const unsigned char fetch_js[] = {
#embed "files/fetch.js"
};
static const unsigned char keys_js[] = {
#embed "files/keys.js"
};
static const unsigned char lanes_js[] = {
#embed "files/lanes.js"
};
static const unsigned char lessons_js[] = {
#embed "files/lessons.js"
};
static const unsigned char marks_js[] = {
#embed "files/marks.js"
};
static const unsigned char mouse_js[] = {
#embed "files/mouse.js"
};
static const unsigned char overview_js[] = {
#embed "files/overview.js"
};
static const unsigned char paints_js[] = {
#embed "files/paints.js"
};
static const unsigned char past_js[] = {
#embed "files/past.js"
};
static const unsigned char path_js[] = {
#embed "files/path.js"
};
static const unsigned char picture_js[] = {
#embed "files/picture.js"
};
static const unsigned char ping_js[] = {
#embed "files/ping.js"
};
static const unsigned char plot_js[] = {
#embed "files/plot.js"
};
static const unsigned char report_js[] = {
#embed "files/report.js"
};
static const unsigned char route_js[] = {
#embed "files/route.js"
};
static const unsigned char runs_js[] = {
#embed "files/runs.js"
};
static const unsigned char scale_js[] = {
#embed "files/scale.js"
};
static const unsigned char search_js[] = {
#embed "files/search.js"
};
static const unsigned char selection_js[] = {
#embed "files/selection.js"
};
static const unsigned char state_js[] = {
#embed "files/state.js"
};
static const unsigned char states_js[] = {
#embed "files/states.js"
};
static const unsigned char steps_js[] = {
#embed "files/steps.js"
};
static const unsigned char strips_js[] = {
#embed "files/strips.js"
};
static const unsigned char timeline_js[] = {
#embed "files/timeline.js"
};
static const unsigned char trace_js[] = {
#embed "files/trace.js"
};
static const unsigned char units_js[] = {
#embed "files/units.js"
};

// Code to be read beside what it does: handlers, and the loop under them.
static const unsigned char EventLoop_swift[] = {
#embed "../EventLoop/EventLoop.swift"
};
static const unsigned char NestedPaymentStatus_swift[] = {
#embed "../Gateway/NestedPaymentStatus.swift"
};
static const unsigned char OrchestratedPaymentStatus_swift[] = {
#embed "../Gateway/OrchestratedPaymentStatus.swift"
};
static const unsigned char UserPaymentStatus_swift[] = {
#embed "../UserService/UserPaymentStatus.swift"
};
static const unsigned char OrderPaymentStatus_swift[] = {
#embed "../OrderService/OrderPaymentStatus.swift"
};
static const unsigned char PaymentStates_swift[] = {
#embed "../PaymentService/PaymentStates.swift"
};
static const unsigned char PlayedRoute_swift[] = {
#embed "../ServiceRuntime/Played/PlayedRoute.swift"
};

#define ENTRY(name, bytes) {name, (const char *)bytes, sizeof bytes}

static const struct page_file files[] = {
    ENTRY("page.html", page_html),
    ENTRY("style.css", style_css),
    ENTRY("app.js", app_js),
    ENTRY("area.js", area_js),
    ENTRY("axis.js", axis_js),
    ENTRY("banner.js", banner_js),
    ENTRY("bench.js", bench_js),
    ENTRY("card.js", card_js),
    ENTRY("cells.js", cells_js),
    ENTRY("chain.js", chain_js),
    ENTRY("code.js", code_js),
    ENTRY("commands.js", commands_js),
    ENTRY("controls.js", controls_js),
    ENTRY("details.js", details_js),
    ENTRY("dom.js", dom_js),
    ENTRY("fetch.js", fetch_js),
    ENTRY("keys.js", keys_js),
    ENTRY("lanes.js", lanes_js),
    ENTRY("lessons.js", lessons_js),
    ENTRY("marks.js", marks_js),
    ENTRY("mouse.js", mouse_js),
    ENTRY("overview.js", overview_js),
    ENTRY("paints.js", paints_js),
    ENTRY("past.js", past_js),
    ENTRY("path.js", path_js),
    ENTRY("picture.js", picture_js),
    ENTRY("ping.js", ping_js),
    ENTRY("plot.js", plot_js),
    ENTRY("report.js", report_js),
    ENTRY("route.js", route_js),
    ENTRY("runs.js", runs_js),
    ENTRY("scale.js", scale_js),
    ENTRY("search.js", search_js),
    ENTRY("selection.js", selection_js),
    ENTRY("state.js", state_js),
    ENTRY("states.js", states_js),
    ENTRY("steps.js", steps_js),
    ENTRY("strips.js", strips_js),
    ENTRY("timeline.js", timeline_js),
    ENTRY("trace.js", trace_js),
    ENTRY("units.js", units_js),
    ENTRY("EventLoop.swift", EventLoop_swift),
    ENTRY("NestedPaymentStatus.swift", NestedPaymentStatus_swift),
    ENTRY("OrchestratedPaymentStatus.swift", OrchestratedPaymentStatus_swift),
    ENTRY("UserPaymentStatus.swift", UserPaymentStatus_swift),
    ENTRY("OrderPaymentStatus.swift", OrderPaymentStatus_swift),
    ENTRY("PaymentStates.swift", PaymentStates_swift),
    ENTRY("PlayedRoute.swift", PlayedRoute_swift),
};

void page_give_memory_back(void) { malloc_trim(0); }

const struct page_file *page_file(size_t number) {
  return number < sizeof files / sizeof *files ? &files[number] : NULL;
}
