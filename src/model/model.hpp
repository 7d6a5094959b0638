// The door of models: what each declares, and how it is run. A model is a pure function of what it is given: same in,
// same out, bit for bit on one machine.
#pragma once

#include <functional>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "model/validation.hpp"

namespace cityloom::model {

using Json = nlohmann::ordered_json;

/// A text for people, in both languages of the screens.
struct Text {
  std::string en, ko;
};

/// One thing that a model is given.
struct Input {
  enum class Kind : uint8_t {
    number,
    integer,
    boolean,
    text,
    choice,    ///< one of `choices`
    numbers,   ///< [number, ...]
    series,    ///< a number, or [[seconds, number], ...] with ascending seconds
    box,       ///< [west, south, east, north] in degrees
    time,      ///< RFC 3339
    terrain,   ///< a file: ESRI ASCII grid or GeoTIFF of heights in metres
    features,  ///< a file: GeoJSON in degrees, or the object itself
    table,     ///< a file: CSV, or its text
    document,  ///< any JSON
  };
  std::string name;
  Kind kind = Kind::number;
  Text title, help;
  std::string unit;  ///< UCUM; "" for none
  double least = -std::numeric_limits<double>::infinity(), greatest = std::numeric_limits<double>::infinity();
  std::vector<std::string> choices;
  std::optional<Json> fallback;  ///< taken where it is not given
  bool is_needed = true;         ///< without a fallback: whether the model cannot do without
  /// What the hub fills from the snapshot where it is not given: "terrain", "buildings", "roads", or "" for nothing.
  std::string from_city;

  /// Whether its value may be a file.
  bool is_file() const { return kind == Kind::terrain || kind == Kind::features || kind == Kind::table; }
};

/// One thing that a model gives.
struct Output {
  enum class Kind : uint8_t {
    value,     ///< a number, text or JSON
    table,     ///< an array of objects
    raster,    ///< grids over the area, one or several times
    facts,     ///< attributes of the city's entities
    document,  ///< any JSON
  };
  std::string name;
  Kind kind = Kind::value;
  Text title;
  std::string unit;
  std::string scale;  ///< colours of a raster: "water", "heat", ...
};

/// What a person must know before trusting it.
struct Card {
  Text purpose, method, limits;
  std::vector<std::string> sources;  ///< publications of its rules
};

/// What a model says of itself.
struct Declaration {
  std::string id;       ///< "flood": letters, digits, '-'
  std::string version;  ///< changes when its answers do
  Text title, summary;
  std::vector<Input> inputs;
  std::vector<Output> outputs;
  Card card;
};

/// What a run will about take on this machine.
struct Cost {
  double seconds = 0;
  uint64_t memory_bytes = 0;
};

/// A grid that a model gives: rows from the south, in degrees where the model was given degrees.
struct Raster {
  std::string output;
  double time_s = 0;  ///< after the beginning of what is computed
  size_t columns = 0, rows = 0;
  double west = 0, south = 0, cell_x = 1, cell_y = 1;
  std::string system;         ///< its coordinate system as WKT; "" where none is known
  std::vector<float> values;  ///< NaN: none
};

/// A fact that a model gives: of an entity that it was given.
struct Stated {
  std::string entity;
  std::string attribute;
  Json value;
  std::string unit;              ///< UN/CEFACT code; "" for none
  std::optional<double> time_s;  ///< when it will be, after the beginning; absent: of the whole run
};

/// What a run gives.
struct Produced {
  Json values = Json::object();  ///< by output, for values, tables and documents
  std::vector<Raster> rasters;
  std::vector<Stated> facts;
};

/// What a model may know of its run.
struct Run {
  uint64_t seed = 0;
  unsigned workers = 0;  ///< 0: as many as there are cores; answers do not depend on it
  /// Hears how far it is (0 to 1) and what it is at; false: it must end with `cancelled` soon.
  std::function<bool(double part, std::string_view what)> progress;

  /// Tells, where somebody listens.
  bool goes_on(double part, std::string_view what) const { return !progress || progress(part, what); }
};

/// A model. `inputs` have been checked by `checked_inputs`: each is there, of its kind and within its bounds, files are
/// paths.
struct Model {
  Declaration declaration;
  std::function<base::Result<Cost>(const Json& inputs)> cost;
  std::function<base::Result<Produced>(const Json& inputs, const Run& run)> run;
  std::function<Validation()> validate;  ///< empty: nothing is published about it
};

/// All models of this program, in the order in which they are shown.
const std::vector<Model>& known_models();
/// By id; nullptr where there is none.
const Model* find_model(std::string_view id);

/// Inputs as they are needed: fallbacks filled in, each looked at. Errors: invalid (name, what is wrong, what to do; a
/// name that there is not, with the nearest).
base::Result<Json> checked_inputs(const Declaration& declaration, const Json& given);

/// Where a raster's file lies beneath the folder of a run: "depth_max.tif", "depth-000300.tif".
std::string raster_file_name(const Raster& raster);

}  // namespace cityloom::model
