// Observations as attributes of Things, with what was said of them.
#include <algorithm>
#include <array>

#include "serve/sta/past.hpp"
#include "serve/sta/plan.hpp"

namespace cityloom::serve::sta {

using base::Code;
using base::fail;
using base::Result;
using base::Status;
using simdjson::dom::element;
using thread::Change;
using twin::AttributeKind;

namespace {

struct Symbol {
  std::string_view symbol, code;
};
// What stands for a unit in a datastream, as the code that NGSI-LD has for it.
constexpr std::array<Symbol, 22> symbols = {
    {{"°C", "CEL"},  {"degC", "CEL"}, {"C", "CEL"},   {"K", "KEL"},   {"°F", "FAH"},   {"%", "P1"},
     {"m", "MTR"},   {"mm", "MMT"},   {"km", "KMT"},  {"m/s", "MTS"}, {"km/h", "KMH"}, {"s", "SEC"},
     {"hPa", "A97"}, {"Pa", "PAL"},   {"kPa", "KPA"}, {"ppm", "59"},  {"µg/m³", "GQ"}, {"ug/m3", "GQ"},
     {"dB", "2N"},   {"W", "WTT"},    {"kWh", "KWH"}, {"V", "VLT"}}};

base::Instant end_of(const Value& time) {
  if (const auto* interval = std::get_if<Interval>(&time)) return interval->to;
  return std::get<base::Instant>(time);
}

}  // namespace

Result<StreamRef> Planner::stream_of(std::string_view id) {
  if (const auto planned = streams_.find(id); planned != streams_.end()) return planned->second;
  const auto found = model_.find(Kind::datastream, id);
  if (!found.ok()) return found.error();
  if (!*found) return fail(Code::not_found, "there is no datastream with this id", std::string(id.substr(0, 300)));
  const Node& node = **found;
  StreamRef stream{node.id, std::string(node.thing.id()), node.attribute, node.dataset, {}, {}, {}};
  node.thing.each_attribute(node.attribute, [&](const twin::Attribute& attribute) {
    if (attribute.dataset == node.dataset) stream.latest = attribute;
    return !stream.latest;
  });
  const auto unit = model_.property(node, "unitOfMeasurement");
  if (!unit.ok()) return unit.error();
  if (const auto* json = std::get_if<twin::Json>(&*unit)) {
    const Value symbol = member_of(*json, "symbol");
    if (const auto* text = std::get_if<std::string>(&symbol)) stream.unit_symbol = *text;
  }
  return stream;
}

Result<twin::Attribute> Planner::observation(const StreamRef& stream, element body) const {
  twin::Attribute instance;
  instance.name = stream.attribute;
  instance.dataset = stream.dataset;
  element value;
  if (body["result"].get(value) != simdjson::SUCCESS) return fail(Code::invalid, "this has to be there", "result");
  auto result = held_value(value, "result");
  if (!result.ok()) return result.error();
  instance.value = std::move(*result);
  instance.observed_at = now_;
  const auto say = [&](twin::Term name, twin::Value said) {
    twin::Attribute member;
    member.name = name;
    member.kind = std::holds_alternative<twin::Json>(said) ? AttributeKind::json_property : AttributeKind::property;
    member.value = std::move(said);
    instance.members.push_back(std::move(member));
  };
  for (const auto& [name, term] : {std::pair<std::string_view, twin::Term>{"phenomenonTime", terms_.phenomenon_time},
                                   {"resultTime", terms_.result_time},
                                   {"validTime", terms_.valid_time}}) {
    std::string_view text;
    if (body[name].get(value) != simdjson::SUCCESS || value.is_null()) continue;
    if (value.get(text) != simdjson::SUCCESS) return fail(Code::invalid, "must be a time", std::string(name));
    const auto time = read_time(text, name);
    if (!time.ok()) return time.error();
    const bool is_phenomenon = name == "phenomenonTime";
    if (is_phenomenon) instance.observed_at = end_of(*time);
    if (!is_phenomenon || std::holds_alternative<Interval>(*time)) say(term, std::string(text));
  }
  for (const auto& [name, term] : {std::pair<std::string_view, twin::Term>{"resultQuality", terms_.result_quality},
                                   {"parameters", terms_.parameters}}) {
    if (body[name].get(value) != simdjson::SUCCESS || value.is_null()) continue;
    auto said = held_value(value, name);
    if (!said.ok()) return said.error();
    say(term, std::move(*said));
  }
  // What others said of the attribute stays: its unit, its source.
  if (stream.latest) {
    const std::array ours = {terms_.phenomenon_time, terms_.result_time, terms_.valid_time,
                             terms_.result_quality,  terms_.parameters,  terms_.feature_of_interest};
    instance.unit = stream.latest->unit;
    for (const twin::Attribute& member : stream.latest->members) {
      if (std::find(ours.begin(), ours.end(), member.name) == ours.end()) instance.members.push_back(member);
    }
  }
  const auto symbol =
      std::find_if(symbols.begin(), symbols.end(), [&](const Symbol& one) { return one.symbol == stream.unit_symbol; });
  if (!instance.unit.exists() && symbol != symbols.end()) {
    const auto unit = intern(symbol->code);
    if (!unit.ok()) return unit.error();
    instance.unit = *unit;
  }
  return instance;
}

Status Planner::add_feature(StreamRef& stream, element body, const Within& within, twin::Attribute& instance) {
  std::string id;
  if (within.node != nullptr && within.node->kind == Kind::feature) id = within.node->id;
  element value;
  if (body["FeatureOfInterest"].get(value) == simdjson::SUCCESS) {
    const auto linked_id = linked(Kind::feature, body, "FeatureOfInterest");
    if (!linked_id.ok()) return linked_id.error();
    id = *linked_id;
  }
  // The Thing's own place is what an observation is of where nothing else is said.
  if (id.empty() || id == stream.thing_id + ";feature") return {};
  instance.members.push_back(relationship(terms_.feature_of_interest, id));
  const auto link = intern(stream.id);
  if (!link.ok()) return link.error();
  const auto feature = model_.find(Kind::feature, id);
  if (!feature.ok()) return feature.error();
  bool is_known = *feature && !(*feature)->record;
  if (*feature && (*feature)->record) {
    (*feature)->record.each_attribute(terms_.observed_in, [&](const twin::Attribute& attribute) {
      is_known = attribute.dataset == *link;
      return !is_known;
    });
  }
  if (is_known) return {};
  Change& change = change_of(id);
  const bool is_planned = std::any_of(change.attributes.begin(), change.attributes.end(), [&](const auto& attribute) {
    return attribute.name == terms_.observed_in && attribute.dataset == *link;
  });
  if (!is_planned) change.attributes.push_back(relationship(terms_.observed_in, stream.id, *link));
  return {};
}

Result<std::string> Planner::observe(StreamRef& stream, element body, const Within& within) {
  if (const auto status = check_size(); !status.ok()) return status.error();
  if (const auto status = check_names(Kind::observation, body); !status.ok()) return status.error();
  auto instance = observation(stream, body);
  if (!instance.ok()) return instance.error();
  if (const auto status = add_feature(stream, body, within, *instance); !status.ok()) return status.error();
  observed_ = *instance;
  const std::string id = stream.id + ";" + std::to_string(instance->observed_at.microseconds);
  if (stream.latest && instance->observed_at < stream.latest->observed_at) {
    auto past = changes_of_past({PastWrite::Kind::add, stream.thing_id, *instance}, model_.reading().snapshot);
    if (!past.ok()) return past.error();
    for (Change& change : *past) changes_.push_back(std::move(change));
    return id;
  }
  // Of what one request says of one time the last counts: a commit does not tell which of its facts came first.
  const bool corrects = stream.planned && stream.latest->observed_at == instance->observed_at;
  stream.latest = *instance;
  if (corrects) {
    changes_[*stream.planned].attributes.front() = std::move(*instance);
    return id;
  }
  stream.planned = changes_.size();
  // A change of its own each: in one change the later would take the place of the earlier.
  Change change;
  change.kind = Change::Kind::append;
  change.entity_id = stream.thing_id;
  change.attributes.push_back(std::move(*instance));
  changes_.push_back(std::move(change));
  return id;
}

Result<std::string> Planner::create_observation(element body, const Within& within) {
  std::string stream_id;
  if (within.node != nullptr && within.node->kind == Kind::datastream) {
    stream_id = within.node->id;
  } else {
    const auto linked_id = linked(Kind::datastream, body, "Datastream");
    if (!linked_id.ok()) return linked_id;
    stream_id = *linked_id;
  }
  auto stream = stream_of(stream_id);
  if (!stream.ok()) return stream.error();
  return observe(*stream, body, within);
}

}  // namespace cityloom::serve::sta
