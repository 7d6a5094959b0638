// Tags to the model of docs/api.md, "Under the ground".
#include "space/osm_underground.hpp"

#include <cctype>
#include <cmath>

#include "space/entity_statement.hpp"
#include "space/formats/underground_columns.hpp"
#include "space/osm_values.hpp"

namespace cityloom::space {
namespace {

bool is_one_of(std::string_view word, auto... words) {
  return ((word == words) || ...);
}

bool is_below(const OsmTags& tags) {
  return is_one_of(tags["location"], "underground", "underwater");
}

bool is_in_tunnel(const OsmTags& tags) {
  const std::string_view tunnel = tags["tunnel"];
  return !tunnel.empty() && tunnel != "no" && !is_one_of(tunnel, "building_passage", "covered");
}

// "Pipe", "Cable", "Tunnel" or "".
std::string_view type_of(const OsmTags& tags) {
  if (tags.has("building") || tags["area"] == "yes") return {};
  if (tags["man_made"] == "pipeline") {
    // Where it lies is often not said; what lies on or above the ground says so.
    return is_one_of(tags["location"], "overground", "overhead", "surface", "outdoor", "bridge") ? "" : "Pipe";
  }
  if (tags["power"] == "cable" || (tags["communication"] == "line" && is_below(tags))) return "Cable";
  if (tags["power"] == "line" && is_below(tags)) return "Cable";
  if (tags.has("highway")) return {};
  if (is_in_tunnel(tags) && (tags.has("railway") || tags.has("waterway") || tags["man_made"] == "tunnel"))
    return "Tunnel";
  if (tags["railway"] == "subway" && is_below(tags)) return "Tunnel";
  return tags["man_made"] == "tunnel" || tags["man_made"] == "utility_tunnel" ? "Tunnel" : "";
}

std::string_view network_of_tags(const OsmTags& tags) {
  if (tags.has("power")) return "electricity";
  if (tags.has("communication") || tags.has("telecom")) return "telecom";
  if (tags.has("railway")) return "transport";
  if (tags.has("waterway")) return "stormwater";
  for (const char* key : {"substance", "type", "usage", "utility"}) {
    const std::string_view word = tags[key];
    if (is_one_of(word, "hot_water", "steam")) return "heating";
    if (is_one_of(word, "sewage", "wastewater")) return "sewer";
    if (is_one_of(word, "rainwater")) return "stormwater";
    if (is_one_of(word, "cng", "lpg", "natural_gas", "hydrogen")) return "gas";
    if (const std::string_view network = network_of(word); !network.empty()) return network;
  }
  return {};
}

// The highest of "22900;6600".
double voltage_of(std::string_view text) {
  double highest = 0;
  while (!text.empty()) {
    const size_t end = std::min(text.find(';'), text.size());
    const auto number = parse_number(text.substr(0, end));
    if (number && std::isfinite(*number)) highest = std::max(highest, *number);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return highest;
}

void state_names(EntityStatement& made, const OsmTags& tags) {
  made.name(tags["name"]);
  for (const auto& [key, value] : tags) {
    if (key.starts_with("name:") && is_language_tag(key.substr(5))) made.name(value, key.substr(5));
  }
}

}  // namespace

bool is_underground_line(const OsmTags& tags) {
  return !type_of(tags).empty();
}

base::Status add_underground_line(ImportBatch& batch, const OsmObject& way, const OsmTags& tags,
                                  twin::Geometry geometry) {
  EntityStatement made(batch, type_of(tags), way.id_part(), way.text());
  state_names(made, tags);
  made.geometry("location", std::move(geometry));
  made.text("network", network_of_tags(tags));
  // A plain number is in millimetres.
  const std::string_view diameter = tags["diameter"];
  const bool has_unit = !diameter.empty() && std::isalpha(static_cast<unsigned char>(diameter.back())) != 0;
  if (diameter.ends_with("mm") || !has_unit) {
    const auto number = parse_number(diameter.substr(0, diameter.find_first_of(" m")));
    if (number && *number > 0) made.number("diameter", *number, "MMT");
  } else if (const auto length = parse_length_m(diameter); length && *length > 0) {
    made.number("diameter", *length * 1'000, "MMT");
  }
  if (const auto depth = parse_length_m(tags["depth"]); depth && *depth > 0) made.number("depth", *depth, "MTR");
  if (const auto width = parse_length_m(tags["width"]); width && *width > 0) made.number("width", *width, "MTR");
  if (const double voltage = voltage_of(tags["voltage"]); voltage > 0) made.number("voltage", voltage, "VLT");
  made.text("material", tags["material"]);
  made.text("owner", tags["operator"].empty() ? tags["owner"] : tags["operator"]);
  made.text("installedAt", tags["start_date"]);
  for (const char* key : {"railway", "waterway", "man_made", "tunnel"}) {
    if (tags.has(key) && tags[key] != "pipeline" && tags[key] != "yes") made.text("category", tags[key]);
  }
  return made.finish();
}

base::Status add_basement(ImportBatch& batch, const OsmObject& object, const OsmTags& tags,
                          const twin::Geometry& outline, std::string_view building_id) {
  const auto levels = parse_levels(tags["building:levels:underground"]);
  if (!levels || !(*levels > 0)) return {};
  EntityStatement made(batch, "Basement", object.id_part(), object.text());
  state_names(made, tags);
  made.geometry("location", outline);
  made.number("depth", 0, "MTR");
  made.number("height", *levels * level_height_m, "MTR");
  made.member("heightSource", "levels");
  made.number("levels", *levels);
  made.relationship("partOf", building_id);
  return made.finish();
}

}  // namespace cityloom::space
