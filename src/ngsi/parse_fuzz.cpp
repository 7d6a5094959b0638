// Fuzzes request bodies: read as entities, fragments, queries, subscriptions and registrations under every form; what
// is accepted is written in every representation and must be JSON that reads back.
#include <cstdlib>

#include "ngsi/attribute_writer.hpp"
#include "ngsi/merging.hpp"
#include "ngsi/parse.hpp"
#include "ngsi/query.hpp"
#include "ngsi/registration.hpp"
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

// What a source might answer, with itself for another part; and what a source might be sent.
void check_merged(const ngsi::Body& body, const ngsi::Context& context) {
  twin::TermTable terms;
  ngsi::EntityMerger merger(*terms.intern("https://uri.etsi.org/ngsi-ld/expiresAt"));
  for (size_t item = 0; item < body.items() && item < 3; ++item) {
    auto part = ngsi::read_source_entity(body, item, context, terms);
    if (!part) continue;
    merger.add(*part);
    merger.add_auxiliary(std::move(part).value());
    ngsi::ItemPart how;
    how.context_url = "https://a.example";
    if (!ngsi::Body::read(ngsi::part_of_item(body, item, context, how))) std::abort();
  }
  twin::Entity merged;
  const auto any = merger.merge(base::Instant::from_seconds(0), merged);
  if (any && *any) (void)twin::EntityRecord::pack(merged, {1});
}

void check_registration(const ngsi::Body& body, const ngsi::Context& context) {
  const auto registration = ngsi::parse_registration(body, context, base::Instant::from_seconds(0));
  if (!registration) return;
  std::string stored, again;
  ngsi::append_registration(*registration, nullptr, false, nullptr, {}, stored);
  const auto restored = ngsi::restore_registration(stored);
  if (!restored) std::abort();
  ngsi::append_registration(*restored, nullptr, false, nullptr, {}, again);
  if (again != stored) std::abort();
  (void)ngsi::matches(ngsi::SourceQuery(), *restored);
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
  check_merged(*body, *context);
  check_registration(*body, *context);
  const auto subscription = ngsi::parse_subscription(*body, *context, base::Instant::from_seconds(0));
  if (subscription) {
    std::string stored;
    ngsi::append_subscription(*subscription, nullptr, base::Instant::from_seconds(0), false, {}, stored);
    const auto again = ngsi::restore_subscription(stored, *context);
    if (!again || !(*again == *subscription)) std::abort();
  }
  return 0;
}
