// JSON text, written piece by piece, for Cityloom's own doors.
#pragma once

#include <concepts>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/instant.hpp"
#include "twin/value.hpp"

namespace cityloom::serve {

/// Writes one JSON value. Pieces must come in an order that makes valid JSON: our mistake asserts. One worker.
class JsonText {
 public:
  JsonText();
  ~JsonText();
  JsonText(const JsonText&) = delete;
  JsonText& operator=(const JsonText&) = delete;

  /// @name Structure.
  JsonText& open_object();
  JsonText& close_object();
  JsonText& open_array();
  JsonText& close_array();
  JsonText& key(std::string_view name);

  /// @name Values. A number that is not finite becomes null, and so does an instant that does not exist.
  JsonText& value(std::string_view text);
  JsonText& value(const char* text) { return value(std::string_view(text)); }
  JsonText& value(const std::string& text) { return value(std::string_view(text)); }
  JsonText& value(double number);
  JsonText& value(bool flag);
  JsonText& value(base::Instant instant);
  JsonText& value(const twin::Value& attribute_value);
  JsonText& value(const twin::Geometry& geometry);
  /// `null`.
  JsonText& null();
  template <std::integral Integer>
  JsonText& value(Integer number) {
    return integer(static_cast<int64_t>(number));
  }
  /// JSON text that is already written, and trusted to be one value.
  JsonText& raw(std::string_view json);

  /// `"name": value`.
  template <class T>
  JsonText& member(std::string_view name, const T& member_value) {
    return key(name).value(member_value);
  }

  /// What was written. The object is empty and can be used again.
  std::string take();

 private:
  JsonText& integer(int64_t number);
  void position(const twin::Position& position);
  void line(const twin::Geometry& geometry, size_t from, size_t to);
  void coordinates(const twin::Geometry& geometry);

  struct Parts;
  std::unique_ptr<Parts> parts_;
};

/// The last part of an IRI, after '#' or '/': "Building". Everything if there is none.
std::string_view short_name(std::string_view iri);

}  // namespace cityloom::serve
