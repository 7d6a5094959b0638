// Any topic and payload through mappings of every kind: no crash, no endless work.
#include <cstdlib>

#include "link/definition.hpp"

namespace {

constexpr const char* yaml = R"(
links:
  - name: fuzz
    kind: push
    mappings:
      - topic: ["s/{id}/x", "s/dev-{a}.{b}/{rest*}"]
        each: readings
        entity: {id: "urn:x:{@key}-{$.id}", type: T, scope: "/a/{s}"}
        observed_at: {from: t, format: "%Y-%m-%d %H:%M:%S.%f%z", zone: UTC}
        attributes:
          v: {from: "v[0].w", given_in: FAH, unit: CEL, none: [-1], dataset: "urn:d:{d}", members: {m: {from: m}}}
          location: {longitude: lon, latitude: lat, height: h}
          place: {from: g, kind: GeoProperty}
      - entity: {id: "urn:y:{id}", type: T}
        observed_at: {from: t, format: epoch_ms}
        attributes:
          r: {from: r, kind: Relationship}
          n: {from: n, kind: LanguageProperty}
          l: {from: l, kind: ListProperty}
          w: {from: w, kind: VocabProperty}
          j: {from: ., kind: JsonProperty}
          b: {from: b, as: boolean}
      - topic: "t/{id}"
        payload: text
        entity: {id: "urn:z:{id}", type: T}
        attributes: {v: .}
)";

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace cityloom;
  static twin::TermTable terms;
  static link::Mapper mapper = [] {
    auto links = link::parse_links(yaml, "fuzz.yaml");
    if (!links.ok()) std::abort();
    auto bound = link::Mapper::bind(links->front().mappings, terms, "fuzz");
    return std::move(*bound);
  }();
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const size_t cut = std::min(input.find('\n'), input.size());
  const std::string_view topic = input.substr(0, cut);
  const std::string_view payload = cut < input.size() ? input.substr(cut + 1) : std::string_view();
  for (const std::string_view one : {topic, std::string_view("s/1/x"), std::string_view("t/1")}) {
    const link::Mapped mapped = mapper.map(one, payload, base::Instant::from_seconds(1));
    for (const thread::Change& change : mapped.changes) {
      if (change.entity_id.empty() || change.types.empty()) std::abort();
    }
  }
  return 0;
}
