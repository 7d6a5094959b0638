// An entity is looked at again from its record, never from the fact: facts only say which.
#include "space/tiles/tile_index.hpp"

#include <xxhash.h>

#include <algorithm>
#include <cmath>

namespace cityloom::space {
namespace {

constexpr std::string_view default_vocabulary = "https://uri.etsi.org/ngsi-ld/default-context/";

std::vector<twin::Term> terms_of(const std::vector<std::string>& names, const twin::TermTable& terms) {
  std::vector<twin::Term> found;
  for (const std::string& name : names) found.push_back(terms.find(std::string(default_vocabulary) + name));
  return found;
}

bool has_any(const std::vector<twin::Term>& types, const std::vector<twin::Term>& wanted) {
  return std::any_of(types.begin(), types.end(),
                     [&](twin::Term type) { return std::find(wanted.begin(), wanted.end(), type) != wanted.end(); });
}

int32_t units_below(double degrees) {
  return static_cast<int32_t>(std::floor(degrees * 1e7));
}
int32_t units_above(double degrees) {
  return static_cast<int32_t>(std::ceil(degrees * 1e7));
}

// The nearest float that is not above, or not below.
float float_below(double value) {
  const auto near = static_cast<float>(value);
  return static_cast<double>(near) <= value ? near : std::nextafter(near, -1e30F);
}
float float_above(double value) {
  const auto near = static_cast<float>(value);
  return static_cast<double>(near) >= value ? near : std::nextafter(near, 1e30F);
}

TileExtent extent_of(const Sketch& sketch) {
  return {units_below(sketch.box.west_deg),  units_below(sketch.box.south_deg), units_above(sketch.box.east_deg),
          units_above(sketch.box.north_deg), float_below(sketch.lowest_m),      float_above(sketch.highest_m)};
}

}  // namespace

void TileIndex::set_context(const LayerContext& context) {
  context_ = context;
  types_ = terms_of(layer_.types, *context.terms);
  part_types_ = terms_of(layer_.part_types, *context.terms);
}

TileIndex::State& TileIndex::state_of(uint32_t number) {
  if (number >= states_.size()) states_.resize(std::max<size_t>(number + 1, states_.size() + states_.size() / 4));
  return states_[number];
}

TileIndex::Kind TileIndex::kind_of(const twin::EntityRecord& record) const {
  if (!record.exists()) return Kind::none;
  const auto types = record.types();
  if (has_any(types, types_)) return Kind::whole;
  return has_any(types, part_types_) ? Kind::part : Kind::none;
}

uint32_t TileIndex::parent_of(const twin::EntityRecord& record, Kind kind) {
  uint32_t parent = 0;
  if (kind != Kind::part) return parent;
  record.each_attribute(context_.vocabulary.part_of, [&](const twin::Attribute& attribute) {
    const auto* id = std::get_if<std::string>(&attribute.value);
    if (id != nullptr && !attribute.dataset.exists()) parent = texts_.add(*id);
    return true;
  });
  return parent;
}

// Sets what an entity is; adds to `touched` whose picture that may change.
void TileIndex::set_kind(uint32_t number, Kind kind, uint32_t parent, std::vector<uint32_t>& touched) {
  const State before = state_of(number);
  touched.push_back(number);
  if (before.parent != 0) touched.push_back(before.parent);
  if (parent != 0) touched.push_back(parent);
  if (before.kind != kind && (before.kind == Kind::whole || kind == Kind::whole)) {
    if (const auto parts = parts_of_.find(number); parts != parts_of_.end()) {
      touched.insert(touched.end(), parts->second.begin(), parts->second.end());
    }
  }
  state_of(number).kind = kind;
  state_of(number).parent = parent;
  if (parent == 0 || parent == before.parent) return;
  state_of(parent);
  std::vector<uint32_t>& parts = parts_of_[parent];
  if (std::find(parts.begin(), parts.end(), number) == parts.end()) parts.push_back(number);
}

// A part belongs to its building's picture if the record knows that building.
bool TileIndex::is_within_whole(uint32_t number) {
  const State state = state_of(number);
  return state.kind == Kind::part && state.parent != 0 && state_of(state.parent).kind == Kind::whole;
}

TileItem TileIndex::item_of(uint32_t number, const Sketch& sketch) {
  TileItem item;
  item.id = number;
  item.category = texts_.add(sketch.category);
  item.height_source = texts_.add(sketch.height_source);
  item.centre = grid_point_of(sketch.longitude_deg, sketch.latitude_deg);
  item.extent = extent_of(sketch);
  item.area_m2 = static_cast<float>(sketch.area_m2);
  item.length_m = static_cast<float>(sketch.length_m);
  item.width_m = static_cast<float>(sketch.width_m);
  item.angle_rad = static_cast<float>(sketch.angle_rad);
  item.levels = static_cast<float>(sketch.levels.value_or(-1));
  item.size_m = static_cast<float>(sketch.size_m);
  item.version = sketch.version;
  return item;
}

base::Result<std::optional<TileIndex::Drawn>> TileIndex::compose(uint32_t number, const thread::Snapshot& snapshot) {
  const Kind kind = state_of(number).kind;
  if (kind == Kind::none || is_within_whole(number)) return std::optional<Drawn>();
  auto record = snapshot.find(texts_.text(number));
  if (!record) return std::move(record).error();
  if (!record->exists()) return std::optional<Drawn>();
  std::optional<Drawn> drawn;
  if (const auto sketch = layer_.sketch(*record, context_)) drawn = Drawn{item_of(number, *sketch), {}};
  const auto parts = kind == Kind::whole ? parts_of_.find(number) : parts_of_.end();
  if (parts == parts_of_.end()) return drawn;
  // Parts stand for the outline. They come in the order of their ids, whatever the order in which they became known.
  std::vector<std::pair<std::string_view, uint32_t>> by_id;
  for (uint32_t part : parts->second) {
    if (state_of(part).kind == Kind::part && state_of(part).parent == number)
      by_id.emplace_back(texts_.text(part), part);
  }
  std::sort(by_id.begin(), by_id.end());
  std::vector<uint64_t> versions;
  for (const auto& [id, part] : by_id) {
    auto part_record = snapshot.find(id);
    if (!part_record) return std::move(part_record).error();
    const auto sketch = part_record->exists() ? layer_.sketch(*part_record, context_) : std::nullopt;
    if (!sketch) continue;
    const bool is_first = versions.empty();
    if (!drawn) drawn = Drawn{item_of(number, *sketch), {}};
    if (is_first) versions.push_back(drawn->item.version);
    if (is_first) drawn->item.extent = {};
    drawn->item.extent.include(extent_of(*sketch));
    drawn->item.size_m = std::max(drawn->item.size_m, static_cast<float>(sketch->size_m));
    versions.push_back(sketch->version);
    drawn->parts.push_back(part);
  }
  if (versions.size() > 1) drawn->item.version = XXH3_64bits(versions.data(), versions.size() * sizeof(uint64_t));
  return drawn;
}

void TileIndex::apply(std::vector<Drawn>& coming, std::vector<TileChange>& changes) {
  for (const Drawn& drawn : coming) changes.push_back({drawn.item.centre, drawn.item.id, &drawn.item, drawn.parts});
  tree_ = changed_tree(tree_, changes, items_max_, items_copied_);
}

base::Status TileIndex::place(std::vector<uint32_t> numbers, const thread::Snapshot& snapshot, bool& is_changed) {
  std::sort(numbers.begin(), numbers.end());
  numbers.erase(std::unique(numbers.begin(), numbers.end()), numbers.end());
  std::vector<Drawn> coming;
  std::vector<TileChange> changes;
  for (uint32_t number : numbers) {
    auto drawn = compose(number, snapshot);
    if (!drawn) return drawn.error();
    State& state = state_of(number);
    if (state.is_placed && *drawn && (*drawn)->item.version == state.version) continue;
    if (!state.is_placed && !*drawn) continue;
    if (state.is_placed) changes.push_back({state.centre, number, nullptr, {}});
    state.is_placed = drawn->has_value();
    if (!*drawn) continue;
    state.centre = (*drawn)->item.centre;
    state.version = (*drawn)->item.version;
    coming.push_back(std::move(**drawn));
  }
  is_changed = !coming.empty() || !changes.empty();
  if (is_changed) apply(coming, changes);
  return {};
}

base::Status TileIndex::read_all(const thread::Snapshot& snapshot) {
  states_.clear();
  parts_of_.clear();
  tree_ = nullptr;
  std::vector<uint32_t> later;
  const auto read = [&](const std::vector<twin::Term>& types, const auto& visit) {
    twin::Query query;
    for (twin::Term type : types) query.types.any_of.push_back({type});
    return types.empty() ? base::Status() : snapshot.each(query, visit);
  };
  base::Status status = read(part_types_, [&](const twin::EntityRecord& record) {
    const Kind kind = kind_of(record);
    if (kind == Kind::part) set_kind(texts_.add(record.id()), kind, parent_of(record, kind), later);
    return true;
  });
  if (!status) return status;
  std::vector<Drawn> coming;
  status = read(types_, [&](const twin::EntityRecord& record) {
    const uint32_t number = texts_.add(record.id());
    state_of(number).kind = Kind::whole;
    if (parts_of_.contains(number)) return true;  // among those that come later
    if (const auto sketch = layer_.sketch(record, context_)) {
      coming.push_back({item_of(number, *sketch), {}});
      State& state = state_of(number);
      state.centre = coming.back().item.centre;
      state.version = sketch->version;
      state.is_placed = true;
    }
    return true;
  });
  if (!status) return status;
  std::vector<TileChange> changes;
  apply(coming, changes);
  coming = {};
  changes = {};
  bool is_changed = false;
  return place(std::move(later), snapshot, is_changed);
}

bool TileIndex::concerns(const twin::Fact& fact) const {
  using FactKind = twin::Fact::Kind;
  const auto is_known = [&] {
    const uint32_t number = texts_.find(fact.entity_id);
    return number != 0 && number < states_.size() && states_[number].kind != Kind::none;
  };
  switch (fact.kind) {
    case FactKind::entity_created:
    case FactKind::types_set:
      return has_any(fact.types, types_) || has_any(fact.types, part_types_) || is_known();
    case FactKind::entity_deleted:
      return is_known();
    case FactKind::attribute_set:
    case FactKind::attribute_deleted:
      return layer_.shows(fact.attribute.name, context_) && is_known();
    case FactKind::scopes_set:
    default:
      break;
  }
  return false;
}

bool TileIndex::may_have_concerned(const twin::Fact& fact) const {
  using FactKind = twin::Fact::Kind;
  switch (fact.kind) {
    case FactKind::entity_created:
      return has_any(fact.types, types_) || has_any(fact.types, part_types_) || texts_.find(fact.entity_id) != 0;
    case FactKind::types_set:
    case FactKind::entity_deleted:
      return true;
    case FactKind::attribute_set:
    case FactKind::attribute_deleted:
      return layer_.shows(fact.attribute.name, context_) && texts_.find(fact.entity_id) != 0;
    case FactKind::scopes_set:
    default:
      break;
  }
  return false;
}

base::Result<bool> TileIndex::update(const std::vector<std::string>& ids, const thread::Snapshot& snapshot) {
  std::vector<uint32_t> touched;
  for (const std::string& id : ids) {
    auto record = snapshot.find(id);
    if (!record) return std::move(record).error();
    const Kind kind = kind_of(*record);
    const uint32_t parent = parent_of(*record, kind);
    set_kind(texts_.add(id), kind, parent, touched);
  }
  bool is_changed = false;
  if (auto status = place(std::move(touched), snapshot, is_changed); !status) return status.error();
  return is_changed;
}

}  // namespace cityloom::space
