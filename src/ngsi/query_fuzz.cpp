// Fuzzes the texts of queries; a condition that is accepted must read back from its own text as the same.
#include <cstdlib>

#include "ngsi/ordering.hpp"
#include "ngsi/query.hpp"

using namespace cityloom;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto context = ngsi::Context::core();
  const twin::TermTable terms;
  const auto condition = ngsi::parse_condition(text, *context, terms, {"a"});
  if (condition) {
    const auto again = ngsi::parse_condition(ngsi::text_of(*condition), *context, terms);
    if (!again || !ngsi::same_condition(*again, *condition)) std::abort();
  }
  (void)ngsi::parse_type_selection(text, *context, terms);
  (void)ngsi::parse_scope_query(text);
  (void)ngsi::parse_geometry(text);
  ngsi::QueryParameters parameters;
  parameters.georel = text.substr(0, text.find('&'));
  parameters.geometry = "Polygon";
  parameters.coordinates = text.substr(std::min(text.size(), text.find('&')));
  (void)ngsi::parse_geo_query(parameters, *context, terms);
  (void)ngsi::parse_projection({}, std::string(text), std::string(text), *context, terms);
  (void)ngsi::parse_projection({}, std::string(text), {}, *context, terms, 10);
  ngsi::OrderParameters order;
  order.order_by = text.substr(0, text.find('&'));
  order.order_from = text.substr(std::min(text.size(), text.find('&') + 1));
  (void)ngsi::parse_ordering(order, *context, terms);
  return 0;
}
