// The few requests that commands send to a running server.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.hpp"

namespace cityloom::app {

/// An answer of a server.
struct HttpAnswer {
  int status = 0;
  std::string body;
};

/// GETs `url`, or POSTs a body (text, or the bytes of a file) to it, and waits for the answer. Only http:. `timeout_s`
/// is between two pieces; of a file's answer there is none, since the server may be at work on it for long. Errors:
/// invalid (url), not_found (file), unavailable (no server, connection lost), too_large (answer over 16 MiB).
base::Result<HttpAnswer> get_text(const std::string& url, int timeout_s = 60);
base::Result<HttpAnswer> post_text(const std::string& url, const std::string& content_type, const std::string& body,
                                   int timeout_s = 60);
base::Result<HttpAnswer> post_file(const std::string& url, const std::string& path, int timeout_s = 60);

/// Escapes a text for a URL's query.
std::string url_escaped(const std::string& text);

/// What a problem answer says to a person: its title and detail, else the body's head.
base::Error error_of(const HttpAnswer& answer, const std::string& url);

}  // namespace cityloom::app
