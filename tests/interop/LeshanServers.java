/*
 * Leshan's bootstrap server, and Leshan's LwM2M server that devices register with afterwards; all on
 * loopback and on free ports. One line an event:
 *
 *	listening bootstrap coap://127.0.0.1:40123
 *	listening lwm2m coaps://127.0.0.1:40126
 *	registered psk-1 coaps 1.1 lt=3600
 *	bootstrapped psk-1
 *
 * A device whose name begins with "psk" proves itself with its own name as identity and "psk-key";
 * all others come without security. To the bootstrap server the name also says what it is given:
 * "tlv", "json", "cbor" in it choose the format, "auto" has the instance chosen by asking first.
 *
 * Ends when its standard input does.
 */
import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Iterator;
import java.util.List;
import java.util.Map;

import org.eclipse.leshan.core.SecurityMode;
import org.eclipse.leshan.core.endpoint.Protocol;
import org.eclipse.leshan.core.observation.Observation;
import org.eclipse.leshan.core.peer.OscoreIdentity;
import org.eclipse.leshan.core.request.BindingMode;
import org.eclipse.leshan.core.request.ContentFormat;
import org.eclipse.leshan.server.LeshanServer;
import org.eclipse.leshan.server.LeshanServerBuilder;
import org.eclipse.leshan.server.bootstrap.BootstrapConfig;
import org.eclipse.leshan.server.bootstrap.BootstrapFailureCause;
import org.eclipse.leshan.server.bootstrap.BootstrapSession;
import org.eclipse.leshan.server.bootstrap.BootstrapSessionAdapter;
import org.eclipse.leshan.server.bootstrap.LeshanBootstrapServer;
import org.eclipse.leshan.server.bootstrap.LeshanBootstrapServerBuilder;
import org.eclipse.leshan.server.californium.bootstrap.endpoint.CaliforniumBootstrapServerEndpointsProvider;
import org.eclipse.leshan.server.californium.bootstrap.endpoint.coap.CoapBootstrapServerProtocolProvider;
import org.eclipse.leshan.server.californium.bootstrap.endpoint.coaps.CoapsBootstrapServerProtocolProvider;
import org.eclipse.leshan.server.californium.endpoint.CaliforniumServerEndpointsProvider;
import org.eclipse.leshan.server.californium.endpoint.coap.CoapServerProtocolProvider;
import org.eclipse.leshan.server.californium.endpoint.coaps.CoapsServerProtocolProvider;
import org.eclipse.leshan.server.registration.Registration;
import org.eclipse.leshan.server.registration.RegistrationListener;
import org.eclipse.leshan.server.registration.RegistrationUpdate;
import org.eclipse.leshan.server.security.BootstrapSecurityStore;
import org.eclipse.leshan.server.security.SecurityInfo;
import org.eclipse.leshan.server.security.SecurityStore;

public final class LeshanServers {
	private final byte[] key;

	private LeshanServers(byte[] key) {
		this.key = key;
	}

	private static synchronized void say(String format, Object... args) {
		System.out.println(String.format(format, args));
	}

	private SecurityInfo securityOf(String endpoint) {
		return endpoint != null && endpoint.startsWith("psk")
				? SecurityInfo.newPreSharedKeyInfo(endpoint, endpoint, key) : null;
	}

	private final class Devices implements SecurityStore, BootstrapSecurityStore {
		@Override
		public SecurityInfo getByEndpoint(String endpoint) {
			return securityOf(endpoint);
		}

		@Override
		public Iterator<SecurityInfo> getAllByEndpoint(String endpoint) {
			SecurityInfo info = securityOf(endpoint);
			return info == null ? null : List.of(info).iterator();
		}

		@Override
		public SecurityInfo getByIdentity(String identity) {
			return securityOf(identity);
		}

		@Override
		public SecurityInfo getByOscoreIdentity(OscoreIdentity identity) {
			return null;
		}
	}

	/* What the bootstrap server has a device hold: one account, of the same mode as its own. */
	private BootstrapConfig configOf(String endpoint) {
		var config = new BootstrapConfig();
		config.toDelete = List.of("/0", "/1");
		config.autoIdForSecurityObject = endpoint.contains("auto");
		config.contentFormat = endpoint.contains("json") ? ContentFormat.SENML_JSON
				: endpoint.contains("cbor") ? ContentFormat.SENML_CBOR
				: endpoint.contains("tlv") ? ContentFormat.TLV : null;

		var security = new BootstrapConfig.ServerSecurity();
		boolean psk = securityOf(endpoint) != null;
		security.uri = psk ? "coaps://lwm2m.example.com:5684" : "coap://lwm2m.example.com:5683";
		security.securityMode = psk ? SecurityMode.PSK : SecurityMode.NO_SEC;
		security.serverId = 101;
		if (psk) {
			security.publicKeyOrId = endpoint.getBytes(StandardCharsets.UTF_8);
			security.secretKey = key;
		}
		config.security.put(1, security);

		var server = new BootstrapConfig.ServerConfig();
		server.shortId = 101;
		server.lifetime = 3600;
		server.binding = EnumSet.of(BindingMode.U);
		config.servers.put(1, server);
		return config;
	}

	private static final class Sessions extends BootstrapSessionAdapter {
		@Override
		public void end(BootstrapSession session) {
			say("bootstrapped %s", session.getEndpoint());
		}

		@Override
		public void failed(BootstrapSession session, BootstrapFailureCause cause) {
			say("failed %s %s", session.getEndpoint(), cause);
		}
	}

	private static final class Registrations implements RegistrationListener {
		@Override
		public void registered(Registration registration, Registration previous,
				Collection<Observation> observations) {
			say("registered %s %s %s lt=%d", registration.getEndpoint(),
					registration.getLastEndpointUsed().getScheme(),
					registration.getLwM2mVersion(), registration.getLifeTimeInSec());
		}

		@Override
		public void updated(RegistrationUpdate update, Registration now, Registration previous) {
			say("updated %s", now.getEndpoint());
		}

		@Override
		public void unregistered(Registration registration, Collection<Observation> observations,
				boolean expired, Registration next) {
			say("unregistered %s", registration.getEndpoint());
		}
	}

	private void startBootstrap() {
		LeshanBootstrapServer server = new LeshanBootstrapServerBuilder()
				.setSecurityStore(new Devices())
				.setConfigStore(session -> configOf(session.getEndpoint()))
				.setEndpointsProviders(new CaliforniumBootstrapServerEndpointsProvider.Builder(
						new CoapBootstrapServerProtocolProvider(),
						new CoapsBootstrapServerProtocolProvider())
								.addEndpoint("coap://127.0.0.1:0")
								.addEndpoint("coaps://127.0.0.1:0").build())
				.build();
		server.addListener(new Sessions());
		server.start();
		for (var protocol : List.of(Protocol.COAP, Protocol.COAPS))
			say("listening bootstrap %s", server.getEndpoint(protocol).getURI());
	}

	private void startLwm2m() {
		LeshanServer server = new LeshanServerBuilder()
				.setSecurityStore(new Devices())
				.setEndpointsProviders(new CaliforniumServerEndpointsProvider.Builder(
						new CoapServerProtocolProvider(), new CoapsServerProtocolProvider())
								.addEndpoint("coap://127.0.0.1:0")
								.addEndpoint("coaps://127.0.0.1:0").build())
				.build();
		server.getRegistrationService().addListener(new Registrations());
		server.start();
		for (var protocol : List.of(Protocol.COAP, Protocol.COAPS))
			say("listening lwm2m %s", server.getEndpoint(protocol).getURI());
	}

	public static void main(String[] args) throws Exception {
		Map<String, String> options = new HashMap<>();
		for (String arg : args)
			options.put(arg.substring(0, arg.indexOf('=')), arg.substring(arg.indexOf('=') + 1));
		var servers = new LeshanServers(HexFormat.of().parseHex(options.get("psk-key")));
		servers.startBootstrap();
		servers.startLwm2m();
		say("ready");
		while (System.in.read() >= 0)
			continue;
		System.exit(0);
	}
}
