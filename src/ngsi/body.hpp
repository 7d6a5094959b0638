// The JSON body of a request: read once, checked for form and limits, then interpreted by `parse` and `subscription`.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace cityloom::ngsi {

/// What a request's body may be at most.
struct BodyLimits {
  size_t bytes_max = 64u << 20;
  size_t depth_max = 64;      ///< levels of arrays and objects
  size_t items_max = 10'000;  ///< items of a batch
};

/// A JSON text that is well-formed: valid UTF-8 without a byte order mark, no half of a surrogate pair, at most
/// `depth_max` deep, every number a finite double or an integer of 64 bits, no object with two members of one name.
/// A value; movable. Cost: about 1 ns a byte.
class Body {
 public:
  /// Errors: invalid (with the byte's position where known), too_large, too_complex (depth).
  static base::Result<Body> read(std::string_view text, const BodyLimits& limits = {});
  Body(Body&&) noexcept;
  Body& operator=(Body&&) noexcept;
  ~Body();

  /// Whether it is an array (a batch); `items()` is then the number of its items, else 1.
  bool is_array() const;
  bool is_object() const;
  size_t items() const;

  /// JSON text of an item's member "@context" (item 0 of an object is the object itself), if it has one.
  std::optional<std::string> context_json(size_t item = 0) const;

  /// A string member of an item, e.g. "id" for naming the item in an answer; nothing if absent or no string.
  std::optional<std::string> string_member(std::string_view name, size_t item = 0) const;

  struct Parts;
  const Parts& parts() const { return *parts_; }

 private:
  explicit Body(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace cityloom::ngsi
