#pragma once
#include <curl/curl.h>

// curl_easy_setopt and curl_easy_getinfo are variadic, which Swift cannot call: one typed function per kind of value.
typedef size_t (*chain_curl_write)(char *bytes, size_t size, size_t count, void *context);
typedef curl_socket_t (*chain_curl_open)(void *context, curlsocktype purpose, struct curl_sockaddr *address);
typedef int (*chain_curl_close)(void *context, curl_socket_t socket);

static inline CURLcode chain_curl_long(CURL *h, CURLoption option, long value) { return curl_easy_setopt(h, option, value); }
static inline CURLcode chain_curl_string(CURL *h, CURLoption option, const char *value) { return curl_easy_setopt(h, option, value); }
static inline CURLcode chain_curl_pointer(CURL *h, CURLoption option, void *value) { return curl_easy_setopt(h, option, value); }
static inline CURLcode chain_curl_list(CURL *h, CURLoption option, struct curl_slist *value) { return curl_easy_setopt(h, option, value); }
static inline CURLcode chain_curl_on_write(CURL *h, CURLoption option, chain_curl_write f) { return curl_easy_setopt(h, option, f); }
static inline CURLcode chain_curl_on_open(CURL *h, chain_curl_open f) { return curl_easy_setopt(h, CURLOPT_OPENSOCKETFUNCTION, f); }
static inline CURLcode chain_curl_on_close(CURL *h, chain_curl_close f) { return curl_easy_setopt(h, CURLOPT_CLOSESOCKETFUNCTION, f); }
static inline CURLcode chain_curl_get_long(CURL *h, CURLINFO info, long *value) { return curl_easy_getinfo(h, info, value); }
static inline CURLcode chain_curl_global_init(void) { return curl_global_init(CURL_GLOBAL_DEFAULT); }
