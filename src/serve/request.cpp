// Requests: targets, parameters, escapes.
#include "serve/request.hpp"

#include <simdjson.h>

#include <algorithm>
#include <cassert>

namespace cityloom::serve {
namespace {

constexpr size_t query_values_max = 256;

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
}

bool plain(std::string_view text) {
  return std::none_of(text.begin(), text.end(),
                      [](char c) { return c == '%' || c == '\0' || static_cast<unsigned char>(c) >= 0x80; });
}

}  // namespace

std::string_view name_of(Method method) {
  switch (method) {
    case Method::get:
      return "GET";
    case Method::head:
      return "HEAD";
    case Method::post:
      return "POST";
    case Method::put:
      return "PUT";
    case Method::patch:
      return "PATCH";
    case Method::del:
      return "DELETE";
    case Method::options:
      return "OPTIONS";
    case Method::other:
      break;
  }
  return "";
}

Method method_of(std::string_view name) {
  for (const Method method :
       {Method::get, Method::head, Method::post, Method::put, Method::patch, Method::del, Method::options}) {
    if (name == name_of(method)) return method;
  }
  return Method::other;
}

bool same_without_case(std::string_view left, std::string_view right) {
  return left.size() == right.size() &&
         std::equal(left.begin(), left.end(), right.begin(), [](char a, char b) { return lower(a) == lower(b); });
}

base::Result<std::string> percent_decoded(std::string_view text) {
  std::string result;
  result.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      result += text[i];
      continue;
    }
    const int high = i + 2 < text.size() ? hex_digit(text[i + 1]) : -1;
    const int low = i + 2 < text.size() ? hex_digit(text[i + 2]) : -1;
    if (high < 0 || low < 0) {
      return base::fail(base::Code::invalid, "a '%' is not followed by two hexadecimal digits", std::string(text),
                        "write a percent sign as %25");
    }
    result += static_cast<char>(high * 16 + low);
    i += 2;
  }
  if (result.find('\0') != std::string::npos || !simdjson::validate_utf8(result.data(), result.size())) {
    return base::fail(base::Code::invalid, "the address is not UTF-8 text", std::string(text));
  }
  return result;
}

std::string percent_encoded(std::string_view text) {
  static constexpr char digits[] = "0123456789ABCDEF";
  std::string result;
  for (const char c : text) {
    const bool stays = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                       c == '.' || c == '_' || c == '~' || c == ':';
    if (stays) {
      result += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      result += {'%', digits[byte >> 4], digits[byte & 15]};
    }
  }
  return result;
}

void Request::clear() {
  method_ = Method::other;
  path_ = query_ = body_ = {};
  headers_.clear();
  path_values_.clear();
  query_values_.clear();
  if (!decoded_.empty()) decoded_.clear();
}

base::Result<std::string_view> Request::decoded(std::string_view text) {
  if (plain(text)) return text;
  auto result = percent_decoded(text);
  if (!result) return result.error();
  return std::string_view(decoded_.emplace_back(std::move(*result)));
}

base::Status Request::set_target(Method method, std::string_view target) {
  method_ = method;
  target = target.substr(0, target.find('#'));
  // The absolute form that proxies send: "http://host/path".
  if (const size_t scheme = target.find("://"); scheme != std::string_view::npos && target.front() != '/') {
    const size_t slash = target.find('/', scheme + 3);
    target = slash == std::string_view::npos ? std::string_view("/") : target.substr(slash);
  }
  const size_t mark = target.find('?');
  path_ = target.substr(0, mark);
  query_values_.clear();
  if (mark == std::string_view::npos) {
    query_ = {};
    return {};
  }
  query_ = target.substr(mark + 1);
  for (std::string_view rest = query_; !rest.empty();) {
    const size_t end = std::min(rest.find('&'), rest.size());
    const std::string_view part = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (part.empty()) continue;
    if (query_values_.size() == query_values_max) {
      return base::fail(base::Code::invalid, "more than 256 query parameters");
    }
    const size_t equals = part.find('=');
    const auto name = decoded(part.substr(0, equals));
    if (!name) return name.error();
    const auto value = decoded(equals == std::string_view::npos ? std::string_view{} : part.substr(equals + 1));
    if (!value) return value.error();
    query_values_.push_back({*name, *value});
  }
  return {};
}

base::Status Request::add_path_value(std::string_view name, std::string_view encoded) {
  const auto value = decoded(encoded);
  if (!value) return value.error();
  path_values_.push_back({name, *value});
  return {};
}

std::optional<std::string_view> Request::header(std::string_view name) const {
  for (const NameValue& header : headers_) {
    if (same_without_case(header.name, name)) return header.value;
  }
  return {};
}

std::string Request::joined_header(std::string_view name) const {
  std::string result;
  for (const NameValue& header : headers_) {
    if (!same_without_case(header.name, name)) continue;
    if (!result.empty()) result += ", ";
    result += header.value;
  }
  return result;
}

std::string_view Request::path_value(std::string_view name) const {
  for (const NameValue& value : path_values_) {
    if (value.name == name) return value.value;
  }
  return {};
}

std::optional<std::string_view> Request::query_value(std::string_view name) const {
  for (const NameValue& value : query_values_) {
    if (value.name == name) return value.value;
  }
  return {};
}

}  // namespace cityloom::serve
