#include "rehearsal/city.hpp"

#include <algorithm>
#include <charconv>

#include "rehearsal/facts.hpp"

namespace cityloom::rehearsal {

base::Result<space::ImportReport> make_city(const CitySpec& spec, space::ImportSink& sink,
                                            const space::ImportOptions& options) {
  const auto plan = CityPlan::make(spec);
  if (!plan) return plan.error();
  const auto vocabulary = space::Vocabulary::intern(sink.terms());
  if (!vocabulary) return vocabulary.error();
  space::ImportBatch batch(sink, *vocabulary, options);
  if (base::Status begun = batch.begin_file(Names(*plan).city().en, rehearsal_source); !begun) return begun.error();
  FactMaker maker(*plan, batch, sink.terms());
  // The ground first: what comes later stands on it, and is not looked at again. Then the river, for the first picture.
  if (base::Status status = maker.ground(); !status) return status.error();
  if (base::Status status = maker.river(); !status) return status.error();
  uint64_t made = 0;
  for (size_t number = 0; number < plan->quarters().size(); ++number) {
    if (base::Status status = maker.quarter(number); !status) return status.error();
    made += plan->buildings_in(number);
    batch.show_progress(made, spec.buildings);
  }
  // The city itself last: what it names is all there.
  if (base::Status status = maker.city(maker.residents(), maker.jobs()); !status) return status.error();
  if (base::Status status = batch.end_file(); !status) return status.error();
  return batch.finish();
}

base::Result<std::optional<CitySpec>> find_city(const thread::Thread& thread) {
  const auto record = thread.snapshot().find("urn:ngsi-ld:City:rehearsal");
  if (!record) return record.error();
  if (!record->exists()) return std::optional<CitySpec>();
  CitySpec spec;
  bool has_seed = false;
  const twin::TermTable& terms = thread.terms();
  record->each_attribute({}, [&](const twin::Attribute& attribute) {
    const std::string_view name = terms.text(attribute.name);
    const std::string_view last = name.substr(name.find_last_of('/') + 1);
    if (const auto* text = std::get_if<std::string>(&attribute.value); text != nullptr && last == "seed") {
      has_seed = std::from_chars(text->data(), text->data() + text->size(), spec.seed).ec == std::errc();
    } else if (const auto* count = std::get_if<int64_t>(&attribute.value); count != nullptr && last == "buildings") {
      spec.buildings = static_cast<uint64_t>(std::max<int64_t>(0, *count));
    } else if (const auto* geometry = std::get_if<twin::Geometry>(&attribute.value);
               geometry != nullptr && last == "middle") {
      spec.middle = geometry->positions.front();
      spec.middle.height_m = 0;
    }
    return true;
  });
  if (!has_seed || !spec.check()) return std::optional<CitySpec>();
  return std::optional<CitySpec>(spec);
}

}  // namespace cityloom::rehearsal
