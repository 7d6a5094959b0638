// The order of entities: what NGSI-LD's orderBy asks for (ETSI GS CIM 009 clause 4.23), over records.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "twin/query.hpp"

namespace cityloom::twin {

/// One key of an order: a member of the entity, or a path of attributes.
struct OrderKey {
  enum class Of : uint8_t { path, id, type, scope };  ///< what is compared
  Of of = Of::path;
  AttributePath path;        ///< where `of` is path
  bool descending = false;   ///< what lacks the value is last all the same
  bool by_distance = false;  ///< of a GeoProperty from Ordering::from; other values stand after all distances
};

/// Keys, the most important first. Entities that are equal in all of them stand in order of first creation.
struct Ordering {
  std::vector<OrderKey> keys;
  std::optional<Geometry> from;  ///< needed by keys by distance
  /// A text made such that byte order is the order of a language; none: order of code points.
  std::function<std::string(std::string_view)> collated = nullptr;
};

/// What one entity is ordered by. Regular; compares by Sorter::before.
struct OrderValue {
  /// Values of several kinds stand in this order (clause 4.23.2); what is absent is last in either direction.
  enum class Kind : uint8_t { distance, number, string, object, array, boolean, time, date, date_time, null, absent };
  Kind kind = Kind::absent;
  double number = 0;  ///< metres, number, 0 or 1, or microseconds since 1970
  std::string text;
  bool operator==(const OrderValue&) const = default;
};

/// An order made ready to be asked of many records: the geometry is indexed once. Immutable; any worker, as far as
/// `collated` may be called by any.
class Sorter {
 public:
  /// `text_of` gives the text of a term, for the order of types; it must outlive the sorter.
  Sorter(Ordering ordering, std::function<std::string_view(Term)> text_of);

  /// What a record is ordered by, a value a key. Of several instances the one without dataset counts, else the first.
  /// Cost: tens of nanoseconds a key, a microsecond and more for JSON, collation and distances.
  std::vector<OrderValue> values(const EntityRecord& record) const;

  /// Whether `left` stands before `right`, both by `values`; false where they are equal.
  bool before(const std::vector<OrderValue>& left, const std::vector<OrderValue>& right) const;

 private:
  OrderValue value(const EntityRecord& record, const OrderKey& key) const;
  OrderValue text_value(std::string_view text) const;
  Ordering ordering_;
  std::function<std::string_view(Term)> text_of_;
  std::unique_ptr<const Matcher> distance_;
};

}  // namespace cityloom::twin
