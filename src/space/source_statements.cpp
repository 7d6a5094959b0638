// Sets of instance keys, each held once.
#include "space/source_statements.hpp"

#include <xxhash.h>

#include <algorithm>

namespace cityloom::space {

uint64_t SourceStatements::hash_of_id(std::string_view entity_id) {
  return XXH3_64bits(entity_id.data(), entity_id.size());
}

void SourceStatements::clear() {
  set_of_.clear();
  sets_.clear();
  index_of_.clear();
}

void SourceStatements::note(std::string_view entity_id, std::vector<twin::InstanceKey> instances) {
  std::sort(instances.begin(), instances.end());
  const auto [found, is_new] = index_of_.try_emplace(std::move(instances), static_cast<uint32_t>(sets_.size()));
  if (is_new) sets_.push_back(found->first);
  set_of_[hash_of_id(entity_id)] = found->second;
}

void SourceStatements::end_unsaid(thread::Change& change) const {
  const auto found = set_of_.find(hash_of_id(change.entity_id));
  if (found == set_of_.end()) return;
  const size_t stated = change.attributes.size();
  for (const twin::InstanceKey& key : sets_[found->second]) {
    const auto end = change.attributes.begin() + static_cast<long>(stated);
    if (std::any_of(change.attributes.begin(), end, [&](const twin::Attribute& attribute) {
          return attribute.name == key.name && attribute.dataset == key.dataset;
        })) {
      continue;
    }
    twin::Attribute& gone = change.attributes.emplace_back();
    gone.name = key.name;
    gone.dataset = key.dataset;
  }
}

std::vector<twin::InstanceKey> stated_by(const std::vector<twin::Attribute>& attributes, twin::Term provided_by,
                                         std::string_view source) {
  std::vector<twin::InstanceKey> keys;
  for (const twin::Attribute& attribute : attributes) {
    for (const twin::Attribute& member : attribute.members) {
      if (member.name != provided_by) continue;
      const auto* text = std::get_if<std::string>(&member.value);
      if (text == nullptr || !text->starts_with(source)) continue;
      if (text->size() > source.size() && (*text)[source.size()] != ' ') continue;
      keys.push_back({attribute.name, attribute.dataset});
    }
  }
  return keys;
}

}  // namespace cityloom::space
