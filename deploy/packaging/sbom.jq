# In: a list of {program, assets}, assets as restoring wrote them. Out: one CycloneDX document.
def purl: "pkg:nuget/\(sub("/"; "@"))";

def has_files: (.runtime // {} | keys | any(endswith("_._") | not)) or ((.native // {}) | length > 0);

# The packages of a program, for every runtime it is made for; analyzers and generators leave nothing in it.
def used: .assets.targets | to_entries | map(.value | to_entries[]) | map(select(.value.type == "package"))
  | group_by(.key) | map({key: .[0].key, value: (map(.value) | add + {has_files: any(has_files)})}) | from_entries;

# .NET's own parts: the runtime that is put into the program, or the compiler whose libraries are.
def platform: [.assets.project.frameworks[].downloadDependencies[]?
  | select(.name | test("^Microsoft\\.(NETCore|AspNetCore)\\.App\\.Runtime\\."))
  | {name, version: (.version | ltrimstr("[") | split(",")[0])}]
  + [.assets.libraries | keys[] | select(test("^runtime\\..*ILCompiler/")) | split("/") | {name: .[0], version: .[1]}] | unique;

. as $programs
| (map(used) | add) as $packages
| (map(.assets.libraries) | add) as $libraries
| {
    bomFormat: "CycloneDX", specVersion: "1.5", version: 1,
    metadata: {
      timestamp: $date,
      component: {type: "application", "bom-ref": "openclaw", name: "openclaw", $version, licenses: [{license: {id: "MIT"}}]}
    },
    components: (
      [$programs[] | {type: "application", "bom-ref": .program, name: .program, $version, licenses: [{license: {id: "MIT"}}]}]
      + [$packages | to_entries[] | select(.value.has_files) | .key as $key | $key | split("/") as [$name, $number] | {
          type: "library", "bom-ref": ($key | purl), $name, version: $number, purl: ($key | purl),
          properties: [{name: "nuget:contentHash", value: $libraries[$key].sha512}]
        } + (if $licences[$key] then {licenses: [{expression: $licences[$key]}]} else {} end)]
      + ([$programs[] | platform[]] | unique | map("\(.name)/\(.version)" as $key | {
          type: "framework", "bom-ref": ($key | purl), name, version, purl: ($key | purl), licenses: [{license: {id: "MIT"}}]}))
      | sort_by(.type, .["bom-ref"])),
    dependencies: (
      [{ref: "openclaw", dependsOn: ($programs | map(.program) | sort)}]
      + [$programs[] | {ref: .program, dependsOn: (
          ([used | to_entries[] | select(.value.has_files) | .key] + [platform[] | "\(.name)/\(.version)"]) | map(purl) | unique)}])
  }
