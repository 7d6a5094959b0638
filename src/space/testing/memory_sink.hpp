// A sink for tests: keeps the entities in memory, deciding changes as the record does.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "space/space.hpp"
#include "thread/change.hpp"

namespace cityloom::space::testing {

class MemorySink final : public ImportSink {
 public:
  twin::TermTable& terms() override { return terms_; }

  base::Result<thread::Outcomes> append(std::vector<thread::Change> changes) override {
    if (fail_after_batches == 0) return base::fail(base::Code::unavailable, "the disk is full");
    if (fail_after_batches > 0) --fail_after_batches;
    thread::Outcomes outcomes;
    for (const thread::Change& change : changes) {
      std::vector<twin::Fact> facts;
      twin::Entity& now = entities[change.entity_id];
      outcomes.push_back(thread::decide(change, now, facts));
      for (const twin::Fact& fact : facts) {
        if (!twin::apply(fact, {++facts_count}, base::Instant::from_seconds(1), now)) std::abort();
      }
      if (now.id.empty()) entities.erase(change.entity_id);
    }
    ++batches;
    return outcomes;
  }

  base::Status each_of_source(twin::Term attribute, std::string_view source,
                              const std::function<void(const twin::Entity&)>& visit) override {
    for (const auto& [id, entity] : entities) {
      const twin::Attribute* found = entity.find(attribute);
      if (found != nullptr && found->value == twin::Value(std::string(source))) visit(entity);
    }
    return {};
  }

  base::Result<std::string> put_asset(std::string_view bytes) override {
    if (bytes.size() > thread::asset_bytes_max) return base::fail(base::Code::too_large, "too large an asset");
    std::string name = thread::asset_name(bytes);
    assets[name] = bytes;
    return name;
  }

  /// How many entities are of this type, by the type's name in their id.
  size_t count(const std::string& type) const {
    const std::string start = "urn:ngsi-ld:" + type + ":";
    size_t number = 0;
    for (const auto& [id, entity] : entities) number += id.starts_with(start) ? 1u : 0u;
    return number;
  }

  /// The value of an attribute (its short name), or Null.
  twin::Value value(const std::string& id, const std::string& name) const {
    const twin::Attribute* found = attribute(id, name);
    return found == nullptr ? twin::Value() : found->value;
  }

  const twin::Attribute* attribute(const std::string& id, const std::string& name) const {
    const auto entity = entities.find(id);
    if (entity == entities.end()) return nullptr;
    return entity->second.find(term(name));
  }

  twin::Term term(const std::string& name) const {
    return name == "location" ? twin::terms::location
                              : terms_.find("https://uri.etsi.org/ngsi-ld/default-context/" + name);
  }

  std::map<std::string, twin::Entity> entities;
  std::map<std::string, std::string> assets;  ///< by their names
  uint64_t facts_count = 0;
  int batches = 0;
  int fail_after_batches = -1;  ///< none

 private:
  twin::TermTable terms_;
};

}  // namespace cityloom::space::testing
