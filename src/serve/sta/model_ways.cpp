// The ways between resources, and what was observed.
#include <algorithm>

#include "serve/sta/model.hpp"

namespace cityloom::serve::sta {

using base::Result;
using base::Status;
using twin::AttributeKind;
using twin::AttributeView;
using twin::EntityRecord;
using twin::PackedAttributes;

namespace {

constexpr size_t page_instances = 5'000;

// The ids that a relationship leads to.
std::vector<std::string> objects_of(const twin::Value& value) {
  std::vector<std::string> ids;
  if (const auto* text = std::get_if<std::string>(&value)) ids.push_back(*text);
  if (const auto* json = std::get_if<twin::Json>(&value)) {
    for (size_t i = 0; i < 1'000; ++i) {
      const Value item = member_of(*json, std::to_string(i));
      if (!std::holds_alternative<std::string>(item)) break;
      ids.push_back(std::get<std::string>(item));
    }
  }
  return ids;
}

// The different times of a series.
class Times final : public thread::PastVisitor {
 public:
  explicit Times(twin::Term dataset) : dataset_(dataset) {}
  uint64_t count() {
    std::sort(times_.begin(), times_.end());
    return static_cast<uint64_t>(std::unique(times_.begin(), times_.end()) - times_.begin());
  }

  bool numbers(twin::Term, twin::Term, const thread::ChunkSummary&) override { return false; }
  void number(twin::Term, twin::Term dataset, base::Instant at, double) override { add(dataset, at); }
  void instance(const twin::Attribute& attribute, base::Instant at) override { add(attribute.dataset, at); }

 private:
  void add(twin::Term dataset, base::Instant at) {
    if (dataset == dataset_ && at.exists()) times_.push_back(at.microseconds);
  }
  twin::Term dataset_;
  std::vector<int64_t> times_;
};

}  // namespace

Status Model::one(Kind kind, std::string_view id, const Visit& visit) const {
  const auto found = find(kind, id);
  if (!found.ok()) return found.error();
  if (*found) visit(**found);
  return {};
}

Status Model::streams(const EntityRecord& thing, const Visit& visit) const {
  bool goes = true;
  return streams(thing, visit, goes);
}

Status Model::streams(const EntityRecord& thing, const Visit& visit, bool& goes_on) const {
  std::vector<Node> found;
  const auto known = [&](std::string_view id) {
    return std::any_of(found.begin(), found.end(), [&](const Node& node) { return node.id == id; });
  };
  const twin::TermTable& table = reading_.thread->terms();
  AttributeView view;
  for (PackedAttributes all(thing.attributes_bytes()); all.next(view);) {
    const bool is_observed = view.observed_at.exists() && view.kind != AttributeKind::relationship &&
                             view.kind != AttributeKind::list_relationship && view.kind != AttributeKind::geo_property;
    if (is_observed) {
      found.push_back({Kind::datastream,
                       datastream_id(thing.id(), view.name, view.dataset),
                       {},
                       thing,
                       view.name,
                       view.dataset,
                       nullptr});
    } else if (view.name == terms_.has_datastream && view.kind == AttributeKind::relationship) {
      // One that SensorThings made, without an observation yet: its id says of what.
      const std::string_view id = view.text;
      if (!id.starts_with(std::string(thing.id()) + ";") || known(id)) continue;
      const std::string_view rest = id.substr(thing.id().size() + 1);
      const size_t end = rest.find(';');
      const twin::Term attribute = table.find(tenant_.core_names->context().expand(rest.substr(0, end)));
      const twin::Term dataset = end == std::string_view::npos ? twin::Term{} : table.find(rest.substr(end + 1));
      found.push_back({Kind::datastream, std::string(id), {}, thing, attribute, dataset, nullptr});
    }
  }
  for (size_t i = 0; i < found.size() && goes_on; ++i) {
    if (std::any_of(found.begin(), found.begin() + static_cast<std::ptrdiff_t>(i),
                    [&](const Node& node) { return node.id == found[i].id; })) {
      continue;
    }
    auto record = entity(found[i].id);
    if (!record.ok()) return record.error();
    if (*record && record->has_type(terms_.datastream_type)) found[i].record = std::move(*record);
    goes_on = visit(found[i]);
  }
  return {};
}

Status Model::locations(const EntityRecord& thing, const Visit& visit, bool& goes_on) const {
  const bool is_placed = thing.has_attribute(twin::terms::location);
  const Value place = held(thing, twin::terms::location);
  std::vector<Node> linked;
  bool is_there_still = !is_placed;
  if (const auto held_by = attribute_of(thing, terms_.has_location)) {
    for (const std::string& id : objects_of(held_by->value)) {
      const auto record = entity(id);
      if (!record.ok()) return record.error();
      if (!*record) continue;
      linked.push_back({Kind::location, id, *record, thing, {}, {}, nullptr});
      is_there_still = is_there_still || held(*record, twin::terms::location) == place;
    }
  }
  // Moved since by who knows nothing of Locations.
  if (linked.empty() || !is_there_still) {
    if (is_placed) goes_on = visit(location_node(thing, nullptr));
    return {};
  }
  for (const Node& node : linked) {
    goes_on = visit(node);
    if (!goes_on) return {};
  }
  return {};
}

Status Model::past_locations(const EntityRecord& thing, const Visit& visit, bool& goes_on) const {
  thread::HistoryQuery query;
  query.attributes = {twin::terms::location};
  query.window.property = thread::TimeProperty::modified_at;
  query.with_recorded_times = true;
  const auto histories = reading_.snapshot.history(thing.id(), query);
  if (!histories.ok()) return histories.error();
  for (const thread::AttributeHistory& history : *histories) {
    if (history.dataset.exists()) continue;
    for (const twin::Attribute& instance : history.instances) {
      Node node = location_node(thing, std::make_shared<const twin::Attribute>(instance));
      node.kind = Kind::historical_location;
      goes_on = visit(node);
      if (!goes_on) return {};
    }
  }
  return {};
}

Node Model::observation_node(const Node& stream, const twin::Attribute& instance) const {
  return {Kind::observation,
          stream.id + ";" + std::to_string(instance.observed_at.microseconds),
          stream.record,
          stream.thing,
          stream.attribute,
          stream.dataset,
          std::make_shared<const twin::Attribute>(instance)};
}

// Of several that were said of one time the last counts: it corrects the others.
Status Model::observations(const Node& stream, const ObservationWindow& window, const Visit& visit) const {
  thread::HistoryQuery query;
  query.attributes = {stream.attribute};
  query.window.from = window.from;
  query.window.to = window.to;
  query.limit = page_instances;
  query.last_n = window.descending ? page_instances : 0;
  std::optional<twin::Attribute> held;  // of an ascending order, until the next time has come
  base::Instant reached;
  for (;;) {
    if (!goes_on()) return base::fail(base::Code::cancelled, "the time is over");
    const auto histories = reading_.snapshot.history(stream.thing.id(), query);
    if (!histories.ok()) return histories.error();
    bool more = false;
    const base::Instant reached_before = reached;
    for (const thread::AttributeHistory& history : *histories) {
      if (history.dataset != stream.dataset) continue;
      more = history.more;
      for (const twin::Attribute& instance : history.instances) {
        if (!instance.observed_at.exists()) continue;
        const bool is_new = instance.observed_at != reached;
        if (window.descending && is_new && !visit(observation_node(stream, instance))) return {};
        if (!window.descending && is_new && held && !visit(observation_node(stream, *held))) return {};
        reached = instance.observed_at;
        if (!window.descending) held = instance;
      }
    }
    if (!more) break;
    if (window.descending) {
      query.window.to = reached;
    } else {
      // The rest of what was said of that time may be the better part.
      query.window.from = reached == reached_before ? base::Instant{reached.microseconds + 1} : reached;
    }
  }
  if (held) visit(observation_node(stream, *held));
  return {};
}

Result<uint64_t> Model::count_observations(const Node& stream) const {
  thread::HistoryQuery query;
  query.attributes = {stream.attribute};
  Times times(stream.dataset);
  const auto status = reading_.snapshot.visit_past(stream.thing.id(), query, times);
  if (!status.ok()) return status.error();
  return times.count();
}

Result<bool> Model::has_past(std::string_view thing_id, twin::Term attribute, twin::Term dataset) const {
  thread::HistoryQuery query;
  query.attributes = {attribute};
  query.limit = 1;
  const auto histories = reading_.snapshot.history(thing_id, query);
  if (!histories.ok()) return histories.error();
  return std::any_of(histories->begin(), histories->end(), [&](const thread::AttributeHistory& history) {
    return history.dataset == dataset && !history.instances.empty();
  });
}

Status Model::streams_by(twin::Term relation, std::string_view id, const Visit& visit) const {
  twin::Query query;
  query.types.any_of = {{terms_.datastream_type}};
  Status inner;
  const auto status = each_entity(query, [&](const EntityRecord& record) {
    const auto held_by = attribute_of(record, relation);
    const auto* object = held_by ? std::get_if<std::string>(&held_by->value) : nullptr;
    if (object == nullptr || *object != id) return true;
    const auto found = find_datastream(record.id());
    if (!found.ok()) inner = found.error();
    return found.ok() && (!*found || visit(**found));
  });
  return inner.ok() ? status : inner;
}

Status Model::streams_of_property(const Node& property, const Visit& visit) const {
  if (property.record) return streams_by(terms_.observed_property, property.id, visit);
  twin::Query query;
  query.attributes = {property.attribute};
  bool goes = true;
  Status inner;
  const auto status = each_entity(query, [&](const EntityRecord& thing) {
    if (!is_thing(thing)) return true;
    inner = streams(
        thing,
        [&](const Node& stream) {
          return stream.attribute != property.attribute || property_of(stream) != property.id || visit(stream);
        },
        goes);
    return inner.ok() && goes;
  });
  return inner.ok() ? status : inner;
}

Status Model::things_of(const Node& location, const Visit& visit) const {
  if (!location.record) {
    visit(thing_node(location.thing));
    return {};
  }
  twin::Query query;
  query.attributes = {terms_.has_location};
  return each_entity(query, [&](const EntityRecord& thing) {
    const auto held_by = attribute_of(thing, terms_.has_location);
    const auto ids = held_by ? objects_of(held_by->value) : std::vector<std::string>();
    return std::find(ids.begin(), ids.end(), location.id) == ids.end() || visit(thing_node(thing));
  });
}

Status Model::observations_of(const Node& feature, const Visit& visit) const {
  bool goes = true;
  Status inner;
  const auto of_stream = [&](const Node& stream) {
    const auto read = observations(stream, {}, [&](const Node& node) {
      Status found = from_observation(node, {"FeatureOfInterest", Kind::feature, false}, [&](const Node& one) {
        if (one.id == feature.id) goes = visit(node);
        return false;
      });
      if (!found.ok()) inner = found;
      return goes && found.ok();
    });
    if (!read.ok()) inner = read;
    return inner.ok() && goes;
  };
  if (!feature.record) {
    const auto status = streams(feature.thing, of_stream);
    return inner.ok() ? status : inner;
  }
  feature.record.each_attribute(terms_.observed_in, [&](const twin::Attribute& attribute) {
    const auto* id = std::get_if<std::string>(&attribute.value);
    const auto stream = id != nullptr ? find_datastream(*id) : Result<std::optional<Node>>(std::optional<Node>());
    if (!stream.ok()) inner = stream.error();
    return inner.ok() && (!*stream || of_stream(**stream));
  });
  return inner;
}

Status Model::from_thing(const Node& node, const Navigation& way, const Visit& visit) const {
  bool goes = true;
  if (way.to == Kind::datastream) return streams(node.thing, visit);
  if (way.to == Kind::location) return locations(node.thing, visit, goes);
  return past_locations(node.thing, visit, goes);
}

Status Model::from_location(const Node& node, const Navigation& way, const Visit& visit) const {
  if (node.kind == Kind::historical_location) {
    if (way.to == Kind::thing) {
      visit(thing_node(node.thing));
    } else {
      visit(location_node(node.thing, node.instance));
    }
    return {};
  }
  if (way.to == Kind::thing) return things_of(node, visit);
  bool goes = true;
  Status inner;
  const auto status = things_of(node, [&](const Node& thing) {
    inner = past_locations(thing.thing, visit, goes);
    return inner.ok() && goes;
  });
  return inner.ok() ? status : inner;
}

Status Model::from_datastream(const Node& node, const Navigation& way, const Visit& visit) const {
  if (way.to == Kind::thing) {
    visit(thing_node(node.thing));
    return {};
  }
  if (way.to == Kind::observation) return observations(node, {}, visit);
  return one(way.to, way.to == Kind::sensor ? sensor_of(node) : property_of(node), visit);
}

Status Model::from_observation(const Node& node, const Navigation& way, const Visit& visit) const {
  if (way.to == Kind::datastream) {
    Node stream{
        Kind::datastream, node.id.substr(0, node.id.rfind(';')), node.record, node.thing, node.attribute, node.dataset,
        nullptr};
    visit(stream);
    return {};
  }
  for (const twin::Attribute& member : node.instance->members) {
    const auto* id = std::get_if<std::string>(&member.value);
    if (member.name == terms_.feature_of_interest && id != nullptr) return one(Kind::feature, *id, visit);
  }
  visit(part_node(Kind::feature, node.thing, ";feature"));
  return {};
}

Status Model::related(const Node& from, const Navigation& way, const Visit& visit) const {
  switch (from.kind) {
    case Kind::thing:
      return from_thing(from, way, visit);
    case Kind::location:
    case Kind::historical_location:
      return from_location(from, way, visit);
    case Kind::datastream:
      return from_datastream(from, way, visit);
    case Kind::sensor:
      if (from.record) return streams_by(terms_.sensor, from.id, visit);
      return streams(from.thing, [&](const Node& stream) { return sensor_of(stream) != from.id || visit(stream); });
    case Kind::observed_property:
      return streams_of_property(from, visit);
    case Kind::observation:
      return from_observation(from, way, visit);
    case Kind::feature:
      return observations_of(from, visit);
  }
  return {};
}

}  // namespace cityloom::serve::sta
