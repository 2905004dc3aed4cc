namespace OpenClaw.Cli.Tests;

/// <summary>Of each command in the documents that no test runs as printed: where the same is run, or why it is not.</summary>
/// <param name="File">The script or test; null where nothing runs it.</param>
/// <param name="Text">What stands in that file, or the reason.</param>
internal sealed record DocsProof(string? File, string Text)
{
    public override string ToString() => $"{File}: {Text}";
}

internal static class DocsProofs
{
    private const string Life = ".ci/life";
    private const string Packages = ".ci/packages";
    private const string Container = ".ci/container";
    private const string Access = "tests/OpenClaw.Cli.Tests/AccessTests.cs";
    private const string Dev = "tests/OpenClaw.Cli.Tests/DevTests.cs";
    private const string Tutorial = ".ci/tutorial";

    public static IReadOnlyDictionary<string, DocsProof> Of { get; } = All().SelectMany(static p => p.Lines.Select(l => (Line: l, p.Proof)))
        .ToDictionary(static p => p.Line, static p => p.Proof);

    private static IEnumerable<(DocsProof Proof, string[] Lines)> All()
    {
        // The first two commands, and adding a command
        yield return RunBy(Dev, "\"dev\"", "dotnet run --project src/OpenClaw.Cli -- dev");
        yield return RunBy(Dev, "\"submit\", \"ping\", \"by hand\", \"--wait\"", "dotnet run --project src/OpenClaw.Cli -- submit ping hello --wait");
        yield return RunBy("tests/OpenClaw.Cli.Tests/JobsTests.cs", "\"jobs\"", "dotnet run --project src/OpenClaw.Cli -- jobs");
        yield return RunBy(".ci/run", "dotnet test", "dotnet test");
        yield return RunBy(".ci/run", "prove .ci/proofs", ".ci/proofs", ".ci/proofs simulation", ".ci/proofs crash");
        yield return RunBy(Tutorial, "submit count_words", "dotnet run --project src/OpenClaw.Cli -- submit count_words \"one two three\" --wait");

        // Releases
        yield return RunBy(Packages, "deploy/publish.sh --rid linux-x64", "deploy/publish.sh");
        yield return RunBy(Packages, "sha256sum -c SHA256SUMS", "sha256sum -c --ignore-missing SHA256SUMS");
        yield return RunBy(Packages, "tar -C \"$work\" -xzf \"$out/openclaw-$version-linux-x64.tar.gz\"",
            "tar -xzf openclaw-VERSION-linux-x64.tar.gz", "cd openclaw-VERSION-linux-x64");
        yield return RunBy(".github/workflows/build.yml", "gcc zlib1g-dev jq dpkg gcc-aarch64-linux-gnu libc6-dev-arm64-cross",
            "apt-get install gcc zlib1g-dev jq dpkg", "apt-get install gcc-aarch64-linux-gnu libc6-dev-arm64-cross");
        yield return RunBy(Packages, "dpkg -i /root/*_${version}_amd64.deb", "apt install ./openclaw-broker_*.deb ./clawctl_*.deb",
            "sudo apt install ./openclaw-broker_*_amd64.deb ./openclaw-runner_*_amd64.deb ./clawctl_*_amd64.deb");
        yield return RunBy(Packages, "dotnet tool install OpenClaw.Cli", "dotnet tool install --global --add-source FOLDER OpenClaw.Cli");
        yield return RunBy(Packages, "clawctl --version", "clawctl --version");

        // Installing
        yield return RunBy(Life, "install one broker runner --dry-run", "./deploy/install.sh broker --dry-run", "sudo ./deploy/install.sh broker --dry-run");
        yield return RunBy(Life, "install one broker runner)", "sudo ./deploy/install.sh broker", "sudo ./deploy/install.sh broker runner");
        yield return RunBy(Life, "clawctl doctor", "sudo clawctl doctor");
        yield return RunBy(Life, "install one broker --socket", "sudo ./deploy/install.sh broker --socket");
        yield return RunBy(Life, "install one bot", "sudo ./deploy/install.sh bot");
        yield return RunBy(Life, "install one --uninstall >", "sudo ./deploy/install.sh --uninstall");
        yield return RunBy(Life, "install one --uninstall --purge", "sudo ./deploy/install.sh --uninstall --purge");
        yield return RunBy(Life, "deploy/install.sh --rollback", "sudo ./deploy/install.sh --rollback");
        yield return RunBy(Packages, "install.sh' --dry-run broker --from", "sudo ./deploy/install.sh broker runner --from openclaw-VERSION-linux-x64.tar.gz");
        yield return RunBy(Packages, "openclaw-runner enrol", "sudo ./openclaw-runner enrol http://100.101.102.103:8000 CODE");
        yield return RunBy(Packages, "install.sh runner >", "sudo ./deploy/install.sh runner");
        yield return RunBy(Packages, "install.sh runner --url http://127.0.0.1:8000 --token-file",
            "sudo ./deploy/install.sh runner --url http://100.101.102.103:8000 --token-file worker-token");
        yield return RunBy(Packages, "$start runner", "sudo /usr/local/lib/openclaw/current/deploy/start.sh runner");
        yield return RunBy(Packages, "$start runner stop", "sudo /usr/local/lib/openclaw/current/deploy/start.sh runner stop");
        yield return RunBy("tests/OpenClaw.Broker.Tests/TailscaleTests.cs", "\"tailscale\"",
            "sudo sed -i 's/^BROKER_HOST=.*/BROKER_HOST=tailscale/' /etc/openclaw/broker.env", "sudo systemctl restart openclaw-broker");
        yield return NotRun("an editor, and a bot that Discord lets in",
            "sudoedit /etc/openclaw/bot.env", "sudo systemctl enable --now openclaw-discord-bot");

        // Containers
        yield return RunBy(Container, "bud --pull-never", "podman build -f deploy/container/Containerfile.broker -t openclaw-broker .",
            "podman build -f deploy/container/Containerfile.bot -t openclaw-bot .");
        yield return RunBy(Container, "podman_ run -d --name broker \"${confined[@]}\"",
            "podman run -d --name broker --read-only --tmpfs /tmp --cap-drop all --security-opt no-new-privileges --env-file broker.env "
                + "-v jobs:/var/lib/openclaw-broker -p 127.0.0.1:8000:8000 openclaw-broker");
        yield return RunBy(Container, "podman_ exec broker clawctl health", "podman exec broker clawctl health");
        yield return NotRun("compose is not in Debian's podman; .ci/container runs what the file says, container by container",
            "docker compose -f deploy/container/compose.yaml up -d");

        // Tokens, enrolment, signed jobs
        yield return RunBy(Access, "\"token\", \"create\", \"phone\"", "clawctl token create phone --role bot --person anna",
            "clawctl token create claude --role agent --commands 'ping,repo_*' --per-minute 10");
        yield return RunBy(Access, "\"token\", \"list\"", "clawctl token list");
        yield return RunBy(Access, "\"token\", \"revoke\"", "clawctl token revoke phone");
        yield return RunBy(Access, "\"enrol\", \"laptop\", \"--caps\", \"gpu\"", "clawctl enrol laptop --caps gpu");
        yield return RunBy(Access, "\"audit\"", "clawctl audit");
        yield return RunBy(Access, "\"keys\", \"create\", \"anna\"", "clawctl keys create anna");
        yield return RunBy(Access, "[Variables.JobKeys] = key", "JOB_KEYS=anna:MFkw… openclaw-runner --env runner.env");
        yield return RunBy(Access, "\"--sign\", \"anna\"", "clawctl submit ping hello --sign anna --wait");
        yield return RunBy("tests/OpenClaw.Programs.Tests/SettingsTests.cs", "_FILE", "(umask 077; cat > worker-token)",
            "WORKER_TOKEN_FILE=worker-token BROKER_URL=http://100.64.0.7:8000 RUNNER_STATE_DIR=$HOME/openclaw-runner openclaw-runner");

        // Webhooks
        yield return RunBy("tests/OpenClaw.Broker.Tests/HooksTests.cs", "on = new[] { \"failed\", \"held\"",
            "curl -s -H \"X-Bot-Token: $BOT_TOKEN\" -H 'Content-Type: application/json' http://127.0.0.1:8000/jobs "
                + "-d '{\"command\": \"ping\", \"payload\": \"hello\", "
                + "\"webhook\": {\"url\": \"https://example.org/hook\", \"on\": [\"failed\", \"held\"]}}'");
        yield return RunBy(Life, "clawctl submit ping told --webhook", "clawctl submit ping hello --webhook ntfy+https://ntfy.sh/my-topic");
        yield return RunBy(Life, "install one broker --webhooks", "sudo ./deploy/install.sh broker --webhooks");
        yield return RunBy(Life, "clawctl jobs --queue _hooks", "clawctl jobs --queue _hooks", "clawctl dead --queue _hooks");
        yield return RunBy(Life, "clawctl explain", "clawctl explain ID");
        yield return RunBy("tests/OpenClaw.Cli.Tests/OperatingTests.cs", "\"retry\"", "clawctl retry ID");

        // Running it, and back to Python
        yield return RunBy(Life, "current/deploy/install.sh broker", "/usr/local/lib/openclaw/current/deploy/install.sh broker");
        yield return RunBy(Life, "cp /etc/openclaw/python-openclaw-broker.service /etc/systemd/system/openclaw-broker.service",
            "sudo cp /etc/openclaw/python-openclaw-broker.service /etc/systemd/system/openclaw-broker.service",
            "sudo sed -i 's|^BROKER_DB=.*|BROKER_DB=/var/lib/openclaw-broker/python.db|' /opt/openclaw-broker/broker.env",
            "sudo chown -R openclaw: /var/lib/openclaw-broker", "sudo systemctl daemon-reload", "sudo systemctl enable --now openclaw-broker");
        yield return RunBy("tests/OpenClaw.Broker.Tests/PythonTakeoverTests.cs", "seed-backup",
            "mkdir after-the-switch; mv broker.db broker.db-* broker.db.lock after-the-switch/ 2>/dev/null", "cp broker.db.seed-backup broker.db");
        yield return RunBy(Life, "-u openclaw-runner -p warning --since -1h",
            "journalctl -u openclaw-broker -f", "journalctl -u openclaw-broker -p warning --since -1h", "journalctl -u openclaw-runner -n 50");
        yield return NotRun("another machine, and another's program", "rsync -a root@broker:/var/lib/openclaw-broker/backups/ openclaw-backups/",
            "newest=$(ls /var/lib/openclaw-broker/backups/broker-*.db | tail -1)",
            "age -r age1YOURPUBLICKEY -o \"/root/$(basename \"$newest\").age\" \"$newest\"");

        // Others
        yield return RunBy("tests/OpenClaw.Bot.Tests/EndToEndTests.cs", "BotUnderTest",
            "cp deploy/env.examples/bot.env.example bot.env && chmod 600 bot.env", "dotnet run --project src/OpenClaw.Bot -- --env bot.env");
        yield return RunBy("tests/OpenClaw.Runner.Tests/Commands/CommandProcessTests.cs", "RUNNER_CONFIG",
            "RUNNER_CONFIG=/etc/openclaw/runner.json openclaw-runner --env runner.env", "openclaw-runner --check-config --env runner.env",
            "kill -HUP PID");
        yield return RunBy("tests/OpenClaw.Runner.Tests/Models/ModelProcessTests.cs", "LLM_BASE_URL",
            "LLM_BASE_URL=http://127.0.0.1:8080/v1 LLM_MODEL=qwen3-8b openclaw-runner --env runner.env");
        yield return RunBy(".ci/check-publish", "deploy/check-publish", "deploy/check-publish", "ln -s ../../deploy/check-publish .git/hooks/pre-push");
        yield return NotRun("they publish", "git remote add origin git@github.com:YOU/openclaw-broker.git", "deploy/check-publish && git push -u origin main",
            "git tag v0.1.0 && git push origin v0.1.0");
        yield return NotRun("they take long, and are read by a person: before a release", "OPENCLAW_CRASH_KILLS=1000 .ci/proofs crash",
            "OPENCLAW_SIMULATION_SEEDS=100000 .ci/proofs simulation",
            "OPENCLAW_SIMULATION_SEED=7 dotnet test tests/OpenClaw.Broker.Tests --filter FullyQualifiedName~SimulationTests "
                + "--logger \"console;verbosity=detailed\"",
            "tests/OpenClaw.Benchmarks/peers --python-broker FOLDER,FOLDER",
            "dotnet build -c Release tests/OpenClaw.Benchmarks", "dotnet run -c Release --no-build --project tests/OpenClaw.Benchmarks -- figures",
            "dotnet run -c Release --no-build --project tests/OpenClaw.Benchmarks -- load --url http://127.0.0.1:8000 --bot-token BOT --worker-token WORKER "
                + "--mode cycle --connections 32 --seconds 10 --warmup 3",
            "OPENCLAW_TEST_URL=http://127.0.0.1:8000 OPENCLAW_TEST_BOT_TOKEN=BOT OPENCLAW_TEST_WORKER_TOKEN=WORKER "
                + "dotnet test tests/OpenClaw.Contract.Tests --filter \"Contract=any\"");
    }

    private static (DocsProof, string[]) RunBy(string file, string text, params string[] lines) => (new DocsProof(file, text), lines);

    private static (DocsProof, string[]) NotRun(string reason, params string[] lines) => (new DocsProof(null, reason), lines);
}
