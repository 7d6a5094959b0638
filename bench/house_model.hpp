// A model of many small houses, as CityGML and CityJSON: the same for every run.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.hpp"

namespace cityloom::bench {

/// Writes houses of LoD2 with a gabled roof each (10 corners, 7 faces, 3.7 kB) as CityGML 2: `count` of them, or so many
/// that the file has `bytes_min`. Gives how many there are. Errors: unavailable (the disk).
base::Result<uint64_t> write_citygml_houses(const std::string& path, uint64_t count, uint64_t bytes_min = 0);

/// The first of the same houses as CityJSON 2.
base::Status write_cityjson_houses(const std::string& path, uint64_t count);

}  // namespace cityloom::bench
