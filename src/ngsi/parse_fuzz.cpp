// Fuzzes request bodies: read as entities, fragments, queries and subscriptions under every form; what is accepted is
// written in every representation and must be JSON that reads back.
#include <cstdlib>

#include "ngsi/attribute_writer.hpp"
#include "ngsi/parse.hpp"
#include "ngsi/query.hpp"
#include "ngsi/subscription.hpp"

using namespace cityloom;

namespace {

void check_written(const thread::Change& change, const twin::TermTable& terms) {
  if (change.types.empty()) return;
  for (const twin::Attribute& attribute : change.attributes) {
    if (twin::is_null(attribute.value) || twin::is_unstated(attribute.value)) return;
  }
  twin::Entity entity;
  entity.id = change.entity_id;
  entity.types = change.types;
  entity.scopes = change.scopes;
  entity.attributes = change.attributes;
  entity.created_at = entity.modified_at = base::Instant::from_seconds(0);
  const twin::EntityRecord record = twin::EntityRecord::pack(entity, {1});
  // An answer may nest deeper than the request that it came from.
  const ngsi::BodyLimits limits{1u << 30, 200, 10'000};
  const ngsi::Names names(ngsi::Context::core(), terms);
  for (const ngsi::Format format : {ngsi::Format::normalized, ngsi::Format::concise, ngsi::Format::simplified}) {
    ngsi::Representation how;
    how.format = format;
    how.sys_attrs = format == ngsi::Format::concise;
    how.language = format == ngsi::Format::simplified ? "ko,*;q=0.5" : "";
    std::string json;
    ngsi::append_entity(record, how, names, json);
    if (!ngsi::Body::read(json, limits)) std::abort();
    json.clear();
    ngsi::append_feature(record, how, names, json);
    if (!ngsi::Body::read(json, limits)) std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto body = ngsi::Body::read(text);
  if (!body) return 0;
  const auto context = ngsi::Context::core();
  twin::TermTable terms;
  using Kind = thread::Change::Kind;
  for (const Kind kind : {Kind::create, Kind::merge, Kind::update}) {
    for (const bool simplified : {false, true}) {
      ngsi::ChangeForm form;
      form.kind = kind;
      form.simplified = simplified;
      if (kind != Kind::create) form.entity_id = "urn:a:b";
      for (size_t item = 0; item < body->items() && item < 3; ++item) {
        const auto change = ngsi::parse_change(*body, item, form, *context, terms);
        if (change && kind == Kind::create) check_written(*change, terms);
      }
    }
  }
  ngsi::ChangeForm form;
  form.kind = Kind::patch_attribute;
  form.entity_id = "urn:a:b";
  (void)ngsi::parse_attribute_change(*body, "name", form, *context, terms);
  (void)ngsi::parse_query_body(*body, *context, terms);
  (void)ngsi::parse_temporal_body(*body);
  const auto subscription = ngsi::parse_subscription(*body, *context, base::Instant::from_seconds(0));
  if (subscription) {
    std::string stored;
    ngsi::append_subscription(*subscription, nullptr, base::Instant::from_seconds(0), false, {}, stored);
    const auto again = ngsi::restore_subscription(stored, *context);
    if (!again || !(*again == *subscription)) std::abort();
  }
  return 0;
}
