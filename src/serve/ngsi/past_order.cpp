// Ids put in order.
#include "serve/ngsi/past_order.hpp"

#include <simdjson.h>

#include <algorithm>

namespace cityloom::serve::ngsi_ld {

using base::Code;
using base::fail;

base::Result<std::optional<twin::Ordering>> parse_past_order(const ngsi::OrderParameters& parameters,
                                                             const ngsi::Context& context, const ngsi::TermOf& terms) {
  auto order = ngsi::parse_ordering(parameters, context, terms);
  if (!order.ok() || !order->has_value()) return order;
  for (const twin::OrderKey& key : (*order)->keys) {
    if (key.of == twin::OrderKey::Of::id) continue;
    return fail(Code::invalid, "entities are put in order by id alone where their past is asked for", "orderBy",
                "write id or id;desc");
  }
  return order;
}

bool has_aggregation(std::string_view body) {
  simdjson::dom::parser parser;
  simdjson::dom::element root;
  if (parser.parse(body.data(), body.size()).get(root) != simdjson::SUCCESS) return false;
  return root["aggrParams"].error() == simdjson::SUCCESS ||
         root["temporalQ"]["aggrMethods"].error() == simdjson::SUCCESS;
}

base::Status each_ordered(const twin::Ordering& order, const EachMatch& each, size_t entities_max,
                          const std::function<bool(std::string_view id)>& take) {
  struct Placed {
    std::vector<twin::OrderValue> values;
    std::string id;
  };
  const twin::Sorter sorter(order, [](twin::Term) { return std::string_view(); });
  std::vector<Placed> all;
  const auto told = each([&](std::string_view id) {
    twin::Entity entity;
    entity.id = id;
    all.push_back({sorter.values(twin::EntityRecord::pack(entity, {})), std::move(entity.id)});
    return all.size() <= entities_max;
  });
  if (!told.ok()) return told;
  if (all.size() > entities_max) {
    return fail(Code::too_complex, "more than " + std::to_string(entities_max) + " entities would be put in order",
                "orderBy", "narrow the query, or ask without orderBy");
  }
  std::stable_sort(all.begin(), all.end(), [&sorter](const Placed& left, const Placed& right) {
    return sorter.before(left.values, right.values);
  });
  for (const Placed& one : all) {
    if (!take(one.id)) break;
  }
  return {};
}

}  // namespace cityloom::serve::ngsi_ld
