// Reading a packed attribute in place: what the quick paths (answers, queries) use instead of unpacking.
#pragma once

#include <string_view>

#include "twin/attribute.hpp"
#include "twin/entity.hpp"

namespace cityloom::twin {

/// One packed attribute instance, fields read, value and members left where they lie. Valid as long as the record.
struct AttributeView {
  enum class ValueKind : uint8_t { null, false_, true_, integer, number, string, json, geometry };

  Term name;
  Term dataset;
  Term unit;
  AttributeKind kind = AttributeKind::property;
  ValueKind value_kind = ValueKind::null;
  int64_t integer = 0;    ///< when value_kind is integer
  double number = 0;      ///< when value_kind is number
  std::string_view text;  ///< when string (UTF-8), json (compact JSON), geometry (packed: `geometry()`)
  base::Instant observed_at;
  base::Instant expires_at;
  base::Instant created_at;
  base::Instant modified_at;
  Offset offset;
  std::string_view object_types_bytes;  ///< empty: none
  std::string_view members_bytes;       ///< empty: none; walk with PackedAttributes

  /// Unpacks the value alone; a geometry costs an allocation.
  Value value() const;
  std::vector<Term> object_types() const;
  Attribute unpack() const;
};

/// Walks packed attributes one after another:
/// `for (PackedAttributes all(record.attributes_bytes()); all.next(view);) ...`
class PackedAttributes {
 public:
  explicit PackedAttributes(std::string_view bytes);

  /// How many there are in all.
  uint32_t count() const { return count_; }

  /// Reads the next into `view`; false at the end, or on corrupt bytes (then `ok()` is false).
  bool next(AttributeView& view);

  /// Like `next`, but reads only which instance it is.
  bool next(InstanceKey& key);

  /// The bytes of the instance that `next` read last, for copying it as it is.
  std::string_view last_bytes() const { return last_bytes_; }
  bool ok() const { return ok_; }

 private:
  std::string_view rest_;
  std::string_view last_bytes_;
  uint32_t count_ = 0;
  uint32_t read_ = 0;
  bool ok_ = true;
};

/// Whether any of these packed attributes has a dataset: only then can a name stand twice. Cost: some nanoseconds each.
bool have_datasets(std::string_view attributes_bytes);

/// Reads one packed attribute that fills `bytes`. False: corrupt.
bool read_attribute(std::string_view bytes, AttributeView& view);

/// Packed geometry, as it lies in AttributeView::text. Errors: corrupt.
void pack_geometry(const Geometry& geometry, std::string& to);
base::Result<Geometry> unpack_geometry(std::string_view bytes);

}  // namespace cityloom::twin
