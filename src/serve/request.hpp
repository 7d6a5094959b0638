// A request as a handler sees it: views into the connection's buffer, decoded where needed.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"

namespace cityloom::serve {

/// The methods that a route can have.
enum class Method : uint8_t { get, head, post, put, patch, del, options, other };

/// "GET", ...; "" for other.
std::string_view name_of(Method method);
Method method_of(std::string_view name);

/// A header or parameter.
struct NameValue {
  std::string_view name;
  std::string_view value;
};

/// One request. Everything it gives out is a view that stays valid until the Reply of the request is sent or
/// destroyed. One worker at a time: lookups keep decoded text in the request itself.
class Request {
 public:
  Request() = default;
  Request(const Request&) = delete;
  Request& operator=(const Request&) = delete;

  Method method() const { return method_; }
  /// As sent, percent-encoded, without the query.
  std::string_view path() const { return path_; }
  /// The raw query, without '?'.
  std::string_view query() const { return query_; }
  std::string_view body() const { return body_; }
  /// The address of the client without the port, e.g. "127.0.0.1".
  std::string_view address() const { return address_; }

  /// The first header of that name (any case), trimmed; nothing if absent. Cost: a comparison per header.
  std::optional<std::string_view> header(std::string_view name) const;
  /// All headers of that name, joined with ", " as the standard has it; empty if absent.
  std::string joined_header(std::string_view name) const;
  const std::vector<NameValue>& headers() const { return headers_; }

  /// What stood at {name} in the route's path, percent-decoded; "" if the route has no such part.
  std::string_view path_value(std::string_view name) const;

  /// The first query parameter of that name, percent-decoded ('+' stays '+'); nothing if absent.
  std::optional<std::string_view> query_value(std::string_view name) const;
  /// All query parameters in their order, decoded: to find unknown or repeated ones.
  const std::vector<NameValue>& query_values() const { return query_values_; }

  /// The name of the tenant, "" for the default.
  std::string_view tenant() const { return header("NGSILD-Tenant").value_or(std::string_view{}); }
  /// The branch's name, "" for main.
  std::string_view branch() const { return query_value("branch").value_or(std::string_view{}); }

  // What the engine, the router and tests fill in.

  /// Makes it empty for the next request; memory is kept.
  void clear();
  /// Takes method, path and query; decodes the query. Errors: invalid (a broken escape, a NUL, over 256 parameters).
  base::Status set_target(Method method, std::string_view target);
  void add_header(std::string_view name, std::string_view value) { headers_.push_back({name, value}); }
  void set_body(std::string_view body) { body_ = body; }
  void set_address(std::string_view address) { address_ = address; }
  /// Errors: invalid (a broken escape).
  base::Status add_path_value(std::string_view name, std::string_view encoded);
  void clear_path_values() { path_values_.clear(); }

 private:
  base::Result<std::string_view> decoded(std::string_view text);

  Method method_ = Method::other;
  std::string_view path_;
  std::string_view query_;
  std::string_view body_;
  std::string_view address_;
  std::vector<NameValue> headers_;
  std::vector<NameValue> path_values_;
  std::vector<NameValue> query_values_;
  std::deque<std::string> decoded_;
};

/// Decodes %XX. Errors: invalid (a broken escape, a NUL, or bytes that are not UTF-8).
base::Result<std::string> percent_decoded(std::string_view text);
/// Encodes everything but letters, digits and "-._~:", so that it can stand as one segment of a path.
std::string percent_encoded(std::string_view text);
/// Whether two ASCII texts are the same without regard to case.
bool same_without_case(std::string_view left, std::string_view right);

}  // namespace cityloom::serve
