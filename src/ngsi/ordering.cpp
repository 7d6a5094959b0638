// orderBy and what belongs to it (clause 4.23), read into an order.
#include "ngsi/ordering.hpp"

#include <unicode/coll.h>
#include <unicode/locid.h>
#include <unicode/unistr.h>

#include <algorithm>

#include "ngsi/json.hpp"
#include "ngsi/query_members.hpp"

namespace cityloom::ngsi {
namespace {

using base::Code;
using base::fail;
using twin::OrderKey;

struct Direction {
  std::string_view name;
  bool descending, by_distance;
};
constexpr Direction directions[] = {
    {"asc", false, false}, {"desc", true, false}, {"dist-asc", false, true}, {"dist-desc", true, true}};

base::Status set_direction(std::string_view text, std::string_view parameter, OrderKey& to) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  for (const Direction& one : directions) {
    if (lower != one.name) continue;
    to.descending = one.descending;
    to.by_distance = one.by_distance;
    return {};
  }
  return fail(Code::invalid, "not a direction: " + std::string(text.substr(0, 60)), std::string(parameter),
              "use asc, desc, dist-asc or dist-desc");
}

base::Result<OrderKey> read_key(std::string_view text, const std::optional<std::string>& direction,
                                const Context& context, const TermOf& terms) {
  OrderKey key;
  if (direction) {
    if (auto status = set_direction(*direction, "orderDirection", key); !status) return status.error();
  }
  const size_t semicolon = text.find(';');
  if (semicolon != std::string_view::npos) {
    if (auto status = set_direction(text.substr(semicolon + 1), "orderBy", key); !status) return status.error();
  }
  const std::string_view path = text.substr(0, semicolon);
  for (const auto& [name, of] : {std::pair{"id", OrderKey::Of::id}, std::pair{"type", OrderKey::Of::type},
                                 std::pair{"scope", OrderKey::Of::scope}}) {
    if (path != name && path != "@" + std::string(name)) continue;
    if (key.by_distance) return fail(Code::invalid, "only a GeoProperty has a distance", "orderBy");
    key.of = of;
    return key;
  }
  // A condition without operator is just a path.
  auto condition = parse_condition(path, context, terms);
  if (!condition || condition->kind != twin::Condition::Kind::comparison || condition->comparison.comparator ||
      condition->comparison.path.about != twin::AttributePath::About::value ||
      condition->comparison.path.text != path) {
    return fail(Code::invalid, "not the name or path of an attribute: " + std::string(path.substr(0, 60)), "orderBy",
                "write for example temperature;desc,address[city],name.observedAt");
  }
  key.path = std::move(condition->comparison.path);
  return key;
}

base::Result<std::vector<OrderKey>> read_keys(std::string_view text, const std::optional<std::string>& direction,
                                              const Context& context, const TermOf& terms) {
  std::vector<OrderKey> keys;
  while (true) {
    if (keys.size() == order_keys_max) {
      return fail(Code::too_complex, "more than " + std::to_string(order_keys_max) + " keys", "orderBy");
    }
    const size_t comma = text.find(',');
    auto key = read_key(text.substr(0, comma), direction, context, terms);
    if (!key) return key.error();
    keys.push_back(std::move(*key));
    if (comma == std::string_view::npos) return keys;
    text.remove_prefix(comma + 1);
  }
}

base::Result<twin::Geometry> read_reference(const OrderParameters& parameters) {
  if (!parameters.order_from) {
    return fail(Code::invalid, "an order by distance needs the place that it is measured from", "orderFrom",
                "add for example orderFrom=[127.1,37.5]");
  }
  const auto coordinates = json_array(*parameters.order_from);
  if (!coordinates) return fail(Code::invalid, "coordinates are a JSON array of numbers", "orderFrom");
  std::string json = "{\"type\":";
  append_quoted(parameters.order_geometry.value_or("Point"), json);
  json += ",\"coordinates\":" + *coordinates + '}';
  auto geometry = parse_geometry(json);
  if (!geometry) {
    base::Error error = geometry.error();
    error.where = "orderFrom";
    return error;
  }
  return geometry;
}

base::Result<std::function<std::string(std::string_view)>> read_collation(const std::string& tag) {
  UErrorCode code = U_ZERO_ERROR;
  const icu::Locale locale = icu::Locale::forLanguageTag(tag, code);
  std::shared_ptr<icu::Collator> collator;
  if (U_SUCCESS(code) && !tag.empty() && !locale.isBogus()) collator.reset(icu::Collator::createInstance(locale, code));
  if (U_FAILURE(code) || !collator) {
    return fail(Code::invalid, "not a collation: " + tag.substr(0, 60), "collation",
                "write a language tag, such as ko, de-u-co-phonebk or und-u-ks-level1");
  }
  return std::function<std::string(std::string_view)>([collator = std::move(collator)](std::string_view text) {
    const auto unicode = icu::UnicodeString::fromUTF8(icu::StringPiece(text.data(), static_cast<int32_t>(text.size())));
    const int32_t size = collator->getSortKey(unicode, nullptr, 0);
    std::string key(static_cast<size_t>(size), '\0');
    collator->getSortKey(unicode, reinterpret_cast<uint8_t*>(key.data()), size);
    return key;
  });
}

}  // namespace

base::Result<std::optional<twin::Ordering>> parse_ordering(const OrderParameters& parameters, const Context& context,
                                                           const TermOf& terms) {
  twin::Ordering ordering;
  if (parameters.collation) {
    auto collated = read_collation(*parameters.collation);
    if (!collated) return collated.error();
    ordering.collated = std::move(*collated);
  }
  if (!parameters.order_by) return std::optional<twin::Ordering>();
  auto keys = read_keys(*parameters.order_by, parameters.order_direction, context, terms);
  if (!keys) return keys.error();
  ordering.keys = std::move(*keys);
  const bool by_distance =
      std::any_of(ordering.keys.begin(), ordering.keys.end(), [](const OrderKey& key) { return key.by_distance; });
  if (by_distance) {
    auto reference = read_reference(parameters);
    if (!reference) return reference.error();
    ordering.from = std::move(*reference);
  }
  return std::optional(std::move(ordering));
}

}  // namespace cityloom::ngsi
